package import Facts
internal import Subprocess

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

extension SystemEffects {
    package func run(_ command: Facts.Command) async throws(Unknown) -> CommandOutput {
        let path = try executablePath(command.executable)
        guard !command.arguments.contains(where: { $0.utf8.contains(0) }) else {
            throw Unknown(.malformed, "an argument of \(command.executable) holds a NUL byte")
        }
        do {
            let inherited = inheritedEnvironment(adding: command.environment)
            return try await withDeadline(seconds: command.deadlineSeconds, what: command.executable) {
                try await spawn(path, command, environment: inherited)
            }
        } catch let unknown as Unknown {
            throw unknown
        } catch let error as SubprocessError where error.code == .outputLimitExceeded {
            throw Unknown(.truncated, "\(command.executable) wrote more than the limit of \(command.outputLimit) bytes")
        } catch let error as SubprocessError {
            throw Unknown(.notFound, "\(path) could not be run: \(error)")
        } catch {
            throw Unknown(.timedOut, "\(command.executable) was stopped before it ended")
        }
    }

    /// The absolute path that is run: the name looked up in PATH's absolute directories, never in the current one.
    private func executablePath(_ name: String) throws(Unknown) -> String {
        guard !name.hasPrefix("/") else {
            guard isExecutableFile(name) else {
                throw Unknown(.notFound, "\(name) does not exist or may not be run")
            }
            return name
        }
        guard !name.isEmpty, !name.contains("/") else {
            throw Unknown(.notAllowed, "'\(name)' is a relative path; commands are named or have an absolute path")
        }
        for directory in (environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":")
        where directory.hasPrefix("/") {
            let candidate = directory.hasSuffix("/") ? "\(directory)\(name)" : "\(directory)/\(name)"
            if isExecutableFile(candidate) { return candidate }
        }
        throw Unknown(.notFound, "\(name) is not installed: no directory of PATH holds it")
    }

    private func isExecutableFile(_ path: String) -> Bool {
        var information = stat()
        guard unsafe stat(path, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return false }
        return unsafe access(path, X_OK) == 0
    }

    /// What programs of the field read; everything else of our environment stays here.
    private func inheritedEnvironment(adding extra: [String: String]) -> [String: String] {
        let names: Set = [
            "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ", "KUBECONFIG", "HTTP_PROXY",
            "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
            "SSL_CERT_FILE", "SSL_CERT_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_RUNTIME_DIR",
            "CONTAINER_RUNTIME_ENDPOINT", "IMAGE_SERVICE_ENDPOINT",
        ]
        let prefixes = ["AWS_", "AZURE_", "AAD_", "GOOGLE_", "CLOUDSDK_", "ETCDCTL_"]
        return environment.filter { name, _ in names.contains(name) || prefixes.contains { name.hasPrefix($0) } }
            .merging(extra) { _, added in added }
    }
}

/// Standard input is closed; the child leads a session of its own, so that a deadline ends its children too and no
/// program can ask the terminal for a password.
private func spawn(
    _ path: String, _ command: Facts.Command, environment: [String: String]
) async throws -> CommandOutput {
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [
        .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100))
    ]
    let parts = path.split(separator: "/")
    let directory = "/" + parts.dropLast().joined(separator: "/")
    // The package's own path type comes from a library that we do not depend on; it makes the value itself.
    let executable = try await Executable.name(String(parts.last ?? "")).resolveExecutablePath(
        in: .custom(["PATH": directory]))
    var variables: [Environment.Key: String] = [:]
    for (name, value) in environment {
        if let key = Environment.Key(rawValue: name) { variables[key] = value }
    }
    let result = try await Subprocess.run(
        .path(executable), arguments: Arguments(executablePathOverride: path, remainingValues: command.arguments),
        environment: .custom(variables), platformOptions: options, input: .none,
        output: .bytes(limit: command.outputLimit), error: .bytes(limit: command.outputLimit))
    let exitCode: Int32 =
        switch result.terminationStatus {
        case .exited(let code): code
        // As shells do.
        case .signaled(let signal): 128 + signal
        }
    return CommandOutput(
        exitCode: exitCode, standardOutput: result.standardOutput, standardError: result.standardError)
}
