package import Facts

/// The files of a directory that hold playbooks or their tests, read through the gate.
///
/// Symbolic links are told and not followed; sizes and numbers are bounded.
package struct PlaybookFiles: Sendable {
    package struct Content: Sendable {
        package var file: String
        package var bytes: [UInt8]

        package init(file: String, bytes: [UInt8]) {
            self.file = file
            self.bytes = bytes
        }
    }

    package enum Kind: Sendable {
        /// `NAME.yaml`, `NAME.yml`, `NAME.triage.yaml`.
        case playbooks
        /// `NAME_test.yaml`, in the directory or in `tests` beside the playbooks.
        case tests
    }

    /// In the order of their names.
    package private(set) var contents: [Content] = []
    package private(set) var problems: [Problem] = []

    /// More files than this in one directory are a mistake.
    private static let mostFiles = 2000
    /// A byte more than a playbook may have, so that the reader tells of larger ones at their place.
    private static let mostBytes = (1 << 20) + 1

    /// All files together; what is read is kept until it is loaded.
    private static let mostBytesTogether = 64 << 20

    /// - Parameter path: a directory, or a single file whatever its name.
    package init(_ path: String, kind: Kind, effects: some Effects) async {
        do throws(Unknown) {
            let status = try await effects.status(of: path)
            if status.kind == .regular {
                await read(path, effects)
            } else {
                await readDirectory(path, kind, effects)
            }
        } catch {
            report(.unreadableFile, "\(path.quotedForMessage) cannot be read: \(error.detail)", path)
        }
    }

    private mutating func readDirectory(_ path: String, _ kind: Kind, _ effects: some Effects) async {
        do throws(Unknown) {
            let names = try await effects.list(path)
            let wanted = names.filter { kind.wants($0) }.sorted()
            if wanted.count > Self.mostFiles {
                report(
                    .tooManyFiles, "\(wanted.count) files are more than the \(Self.mostFiles) that a source may have",
                    path)
            }
            for name in wanted.prefix(Self.mostFiles) {
                guard contents.reduce(0, { $0 + $1.bytes.count }) <= Self.mostBytesTogether else {
                    report(.tooLarge, "the files have more than \(Self.mostBytesTogether >> 20) MiB together", path)
                    break
                }
                await readEntry(path.appending(component: name), effects)
            }
            if kind == .tests, names.contains("tests") {
                await readDirectory(path.appending(component: "tests"), kind, effects)
            }
        } catch {
            report(.unreadableFile, "\(path.quotedForMessage) cannot be read: \(error.detail)", path)
        }
    }

    private mutating func readEntry(_ path: String, _ effects: some Effects) async {
        do throws(Unknown) {
            switch try await effects.status(of: path).kind {
            case .regular: await read(path, effects)
            case .symbolicLink:
                report(.linkNotFollowed, "a symbolic link is not followed; expected the file itself", path)
            case .directory: break
            case .other: report(.unreadableFile, "this is not a regular file", path)
            }
        } catch {
            report(.unreadableFile, "the file cannot be read: \(error.detail)", path)
        }
    }

    private mutating func read(_ path: String, _ effects: some Effects) async {
        do throws(Unknown) {
            contents.append(Content(file: path, bytes: try await effects.readFile(path, limit: Self.mostBytes)))
        } catch {
            let code: Problem.Code = error.reason == .truncated ? .tooLarge : .unreadableFile
            report(code, "the file cannot be read: \(error.detail)", path)
        }
    }

    private mutating func report(_ code: Problem.Code, _ message: String, _ path: String) {
        problems.append(Problem(code, message, at: Location(file: path, line: 1, column: 1)))
    }
}

extension PlaybookFiles.Kind {
    fileprivate func wants(_ name: String) -> Bool {
        guard !name.hasPrefix("."), name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { return false }
        let isTest = name.hasSuffix("_test.yaml") || name.hasSuffix("_test.yml")
        return switch self {
        case .playbooks: !isTest
        case .tests: isTest
        }
    }
}

extension String {
    fileprivate func appending(component: String) -> String {
        hasSuffix("/") ? self + component : "\(self)/\(component)"
    }
}
