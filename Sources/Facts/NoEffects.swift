/// A world that is not there: every effect is refused, so that a snapshot is never mixed with what is here now.
package struct NoEffects: Effects {
    private static let refusal = Unknown(.notCollected, "only saved facts are looked at")

    package init() {}

    package func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] { throw Self.refusal }
    package func status(of path: String) async throws(Unknown) -> FileStatus { throw Self.refusal }
    package func list(_ directory: String) async throws(Unknown) -> [String] { throw Self.refusal }
    package func run(_ command: Command) async throws(Unknown) -> CommandOutput { throw Self.refusal }
    package func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { throw Self.refusal }
    package func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        ConnectionReport(failedAt: .connecting("only saved facts are looked at"))
    }
}
