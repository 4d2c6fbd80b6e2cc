internal import FoundationEssentials
internal import Subprocess

/// Every program that this target runs: git, ssh-keygen, minisign.
package enum Programs {
    package struct Output: Sendable {
        package var exitCode: Int32
        package var output: [UInt8]
        package var error: String
    }

    /// - Parameter environment: all of it; nothing is inherited.
    /// - Parameter isInteractive: whether the program may ask its terminal for a passphrase.
    package static func run(
        _ program: String, _ arguments: [String], input: [UInt8] = [], environment: [String: String],
        isInteractive: Bool = false, outputLimit: Int = PackageTree.mostBytes, seconds: Int = 120
    ) async throws(LibraryError) -> Output {
        var options = PlatformOptions()
        options.createSession = !isInteractive
        options.teardownSequence = [
            .send(signal: .kill, toProcessGroup: !isInteractive, allowedDurationToNextStep: .milliseconds(100))
        ]
        var variables: [Environment.Key: String] = [:]
        for (name, value) in environment { if let key = Environment.Key(rawValue: name) { variables[key] = value } }
        do {
            let path = environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
            let safe = path.split(separator: ":").filter { $0.hasPrefix("/") }.joined(separator: ":")
            // An absolute path is looked up in its own directory alone.
            let isAbsolute = program.hasPrefix("/")
            let executable = try await Executable.name(program.split(separator: "/").last.map(String.init) ?? "")
                .resolveExecutablePath(in: .custom(["PATH": isAbsolute ? Disk.parent(program) : safe]))
            let (custom, platform) = (variables, options)
            return try await withThrowingTaskGroup(of: Output.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        .path(executable), arguments: Arguments(arguments), environment: .custom(custom),
                        platformOptions: platform, input: .array(input), output: .bytes(limit: outputLimit),
                        error: .bytes(limit: 1 << 20))
                    let code: Int32 =
                        switch result.terminationStatus {
                        case .exited(let code): code
                        case .signaled(let signal): 128 + signal
                        }
                    return Output(
                        exitCode: code, output: result.standardOutput,
                        error: String(decoding: result.standardError, as: UTF8.self))
                }
                group.addTask {
                    try await Task.sleep(for: .seconds(seconds))
                    throw LibraryError(.toolFailed, "\(program) did not end within \(seconds) seconds")
                }
                defer { group.cancelAll() }
                guard let output = try await group.next() else { throw CancellationError() }
                return output
            }
        } catch let error as LibraryError {
            throw error
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw LibraryError(.tooLarge, "\(program) gave more than \(outputLimit) bytes")
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw LibraryError(.toolMissing, "\(program) is not installed")
        } catch {
            throw LibraryError(.toolFailed, "\(program) could not be run: \(error)")
        }
    }
}
