import Testing

/// Text from a machine that is not this one.
struct PastedElsewhereTests {
    @Test func `a 401 pasted where there is no kubeconfig is undetermined, and says what would help`() async throws {
        let text = "error: You must be logged in to the server (Unauthorized)"
        let result = try await TriageCommand.run(["diagnose", "--offline", text])
        #expect(result.exitCode == 2)
        #expect(result.output.contains("Could not tell"))
        #expect(result.output.contains("set KUBECONFIG, or use --kubeconfig"))
    }
}
