internal import CEL
internal import Facts

/// What the API server makes of the credentials: asked, or else as the pasted text has it.
struct CredentialVerdictCollector: Collector {
    let declaration = Declaration(
        "credential.verdict",
        summary: "Whether the API server takes the credentials: its own answer, else what the pasted text says of it.",
        returns: .object([
            "outcome": .string, "basis": .string, "status": .int, "message": .string, "isAPIServer": .bool,
            "date": .timestamp, "clockSkew": .duration,
        ]),
        fields: [
            "outcome":
                "accepted (also by a 403 that names the user), rejected (401) or anonymous (403 for system:anonymous)",
            "basis": "server: it was asked just now; text: it could not be asked, and the text shows its answer",
            "isAPIServer":
                "of a refusal: it is in an API server's own words (a Status); a proxy's, or another program's, is not",
            "date": "the server's clock, from its Date header",
            "clockSkew": "how far the server's clock is ahead of this one",
        ],
        words: ["outcome": ["accepted", "rejected", "anonymous"], "basis": ["server", "text"]],
        cost: .network, privileges: ["GET /api with the kubeconfig's credentials"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        do throws(Unknown) {
            return try await ask(surroundings)
        } catch {
            guard let outcome = Self.outcome(in: surroundings.text) else { throw error }
            return Observation(
                .map(["outcome": .string(outcome), "basis": .string("text")]), source: "the given text")
        }
    }

    private func ask(_ surroundings: Surroundings) async throws(Unknown) -> Observation {
        let answer = try await AuthenticationCollector().collect([:], in: surroundings)
        guard case .map(let fields) = answer.value, case .int(let status) = fields["status"] else {
            throw Unknown(.malformed, "the server's answer has no status")
        }
        let outcome: String
        if case .bool(true) = fields["anonymous"] {
            outcome = "anonymous"
        } else if status == 401 {
            outcome = "rejected"
        } else if (200..<300).contains(status) || [403, 404, 406].contains(status) {
            outcome = "accepted"
        } else {
            throw Unknown(.malformed, "the server answered \(status), which says nothing of the credentials")
        }
        var values: [String: Value] = ["outcome": .string(outcome), "basis": .string("server")]
        for name in ["status", "message", "date", "clockSkew"] { values[name] = fields[name] }
        if status >= 400 { values["isAPIServer"] = .bool(fields["message"] != nil) }
        return Observation(.map(Map(values)), source: answer.source)
    }

    /// kubectl's and client-go's own words for a 401, whatever wrapped or coloured the lines.
    static func outcome(in text: String) -> String? {
        let words = TextCollector.withoutControlCodes(text).split(whereSeparator: \.isWhitespace).joined(separator: " ")
        for (phrase, outcome) in [
            ("You must be logged in to the server", "rejected"),
            ("the server has asked for the client to provide credentials", "rejected"),
            ("Error from server (Unauthorized)", "rejected"), ("\"reason\":\"Unauthorized\"", "rejected"),
            ("User \"system:anonymous\" cannot", "anonymous"), ("User \\\"system:anonymous\\\" cannot", "anonymous"),
        ] where words.contains(phrase) { return outcome }
        return nil
    }
}
