package import Facts

/// Files alone, for `--offline`.
///
/// No command is run and no connection is made.
package struct OfflineEffects: Effects {
    private let files: any Effects

    package init(files: any Effects) { self.files = files }

    package func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        try await files.readFile(path, limit: limit)
    }

    package func status(of path: String) async throws(Unknown) -> FileStatus { try await files.status(of: path) }

    package func signature(of path: String, endings: [String]) async throws(Unknown) -> FolderSignature {
        try await files.signature(of: path, endings: endings)
    }

    package func list(_ directory: String) async throws(Unknown) -> [String] { try await files.list(directory) }

    package func readEntries(_ names: [String], of directory: String, limit: Int) async -> [DirectoryEntry] {
        await files.readEntries(names, of: directory, limit: limit)
    }

    package func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        throw notAsked("\(command.executable) was not run")
    }

    package func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        throw notAsked("the server was not asked")
    }

    package func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        ConnectionReport(failedAt: .resolving(ConnectionReport.notAsked))
    }

    package func space(at path: String) async throws(Unknown) -> FileSystemSpace { try await files.space(at: path) }

    package func linkTarget(of path: String) async throws(Unknown) -> String {
        try await files.linkTarget(of: path)
    }

    package func clockState() async throws(Unknown) -> ClockState { try await files.clockState() }

    package func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String] {
        throw notAsked("the name \(host) was not looked up")
    }

    private func notAsked(_ what: String) -> Unknown {
        Unknown(.notCollected, "\(what): triage works offline", hint: "run triage without --offline")
    }
}

extension ConnectionReport {
    /// The message of a connection that was never tried.
    static let notAsked = "not asked: triage works offline"
}
