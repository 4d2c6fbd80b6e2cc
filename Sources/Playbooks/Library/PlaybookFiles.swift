package import Facts
internal import YAML

/// The files of a directory that hold playbooks or their tests, read through the gate.
///
/// Symbolic links are told and not followed; sizes and numbers are bounded.
package struct PlaybookFiles: Sendable {
    package struct Content: Sendable {
        package var file: String
        package var bytes: [UInt8]
        /// Whether it changes playbooks rather than holding any.
        package var isOverlay: Bool

        package init(file: String, bytes: [UInt8], isOverlay: Bool = false) {
            self.file = file
            self.bytes = bytes
            self.isOverlay = isOverlay
        }
    }

    /// The content of a pinned library, whose bytes are what the digest says.
    package struct Verified: Sendable {
        package var digest: String
        package var contents: [Content]

        package init(digest: String, contents: [Content]) {
            self.digest = digest
            self.contents = contents
        }
    }

    package enum Kind: Sendable {
        /// `NAME.yaml`, `NAME.yml`, `NAME.triage.yaml`.
        case playbooks
        /// `NAME_test.yaml`, in the directory or in `tests` beside the playbooks.
        case tests
        /// All YAML of `overlays` beside the playbooks; read together with them.
        case overlays
    }

    /// What tells that the files of a path are those of an earlier time; `nil` where nobody can say.
    static func signature(of path: String, effects: some Effects) async -> FolderSignature? {
        guard var signature = try? await effects.signature(of: path, endings: endings) else { return nil }
        do throws(Unknown) {
            let overlays = try await effects.signature(of: path.appending(component: "overlays"), endings: endings)
            signature.bytes += overlays.bytes
            signature.newest = max(signature.newest, overlays.newest)
        } catch {
            // A file has nothing below it, and most folders have no overlays.
            guard error.reason == .notFound else { return nil }
        }
        return signature
    }

    fileprivate static let endings = [".yaml", ".yml"]

    /// In the order of their names.
    package private(set) var contents: [Content] = []
    package private(set) var problems: [Problem] = []

    /// More files than this in one directory are a mistake.
    private static let mostFiles = 20_000
    /// So many are read at a time, so that a folder of far too much is given up before all of it is in memory.
    private static let filesAtATime = 4000
    private static let mostBytes = Limits.playbook.bytes

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
            await readEntries(Array(wanted.prefix(Self.mostFiles)), path, kind, effects)
            if kind == .playbooks, names.contains("overlays") {
                await readDirectory(path.appending(component: "overlays"), .overlays, effects)
            }
            if kind == .tests, names.contains("tests") {
                await readDirectory(path.appending(component: "tests"), kind, effects)
            }
        } catch {
            report(.unreadableFile, "\(path.quotedForMessage) cannot be read: \(error.detail)", path)
        }
    }

    private mutating func readEntries(
        _ names: [String], _ directory: String, _ kind: Kind, _ effects: some Effects
    ) async {
        var size = contents.reduce(0) { $0 + $1.bytes.count }
        for start in stride(from: 0, to: names.count, by: Self.filesAtATime) {
            let part = Array(names[start..<min(start + Self.filesAtATime, names.count)])
            let entries = await effects.readEntries(part, of: directory, limit: Self.mostBytes)
            for (name, entry) in zip(part, entries) {
                guard size <= Self.mostBytesTogether else {
                    return report(
                        .tooLarge, "the files have more than \(Self.mostBytesTogether >> 20) MiB together", directory)
                }
                size += take(entry, directory.appending(component: name), kind)
            }
        }
    }

    /// Returns how many bytes were kept.
    private mutating func take(_ entry: DirectoryEntry, _ path: String, _ kind: Kind) -> Int {
        switch entry {
        case .file(let bytes):
            contents.append(Content(file: path, bytes: bytes, isOverlay: kind == .overlays))
            return bytes.count
        case .notAFile(.symbolicLink):
            report(.linkNotFollowed, "a symbolic link is not followed; expected the file itself", path)
        case .notAFile(.directory): break
        case .notAFile: report(.unreadableFile, "this is not a regular file", path)
        case .unreadable(let unknown): reportUnreadable(unknown, path)
        }
        return 0
    }

    private mutating func read(_ path: String, _ effects: some Effects) async {
        do throws(Unknown) {
            contents.append(Content(file: path, bytes: try await effects.readFile(path, limit: Self.mostBytes)))
        } catch {
            reportUnreadable(error, path)
        }
    }

    private mutating func reportUnreadable(_ unknown: Unknown, _ path: String) {
        let code: Problem.Code = unknown.reason == .truncated ? .tooLarge : .unreadableFile
        report(code, "the file cannot be read: \(unknown.detail)", path)
    }

    private mutating func report(_ code: Problem.Code, _ message: String, _ path: String) {
        problems.append(Problem(code, message, at: Location(file: path, line: 1, column: 1)))
    }
}

extension PlaybookFiles.Kind {
    fileprivate func wants(_ name: String) -> Bool {
        guard !name.hasPrefix("."), PlaybookFiles.endings.contains(where: name.hasSuffix) else { return false }
        let isTest = name.hasSuffix("_test.yaml") || name.hasSuffix("_test.yml")
        return switch self {
        case .playbooks, .overlays: !isTest
        case .tests: isTest
        }
    }
}
