import CEL
import Facts
import Testing

@testable import Playbooks

private func text(_ name: String, _ specification: String) -> String {
    """
    apiVersion: playbooks.triage/v1
    kind: Playbook
    metadata: {name: \(name), title: A made-up one, version: 1.0.0, severity: error}
    spec:

    """ + specification.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)\n" }.joined()
}

private let lender = text(
    "lender",
    """
    inputs: {depth: {type: int, title: How deep, default: 3}}
    define:
      deep: inputs.depth > 2
      is_ours: deep && platform == 'kind'
      unwanted: platform == 'gke'
    causes:
      - {id: too-deep, title: Too deep, when: is_ours && place == 'here', remedies: [mend]}
    remedies:
      mend: {title: Mend it, risk: safe, when: is_ours, steps: [{run: [mend, "{{ place }}"]}]}
    """
).replacing("  define:\n", with: "  define:\n    place: \"'here'\"\n")

/// What one playbook takes over from another that stands beside it.
@Suite struct BorrowingTests {
    private let loader = Loader(catalogue: .madeUp)

    private func library(_ files: [(String, String)]) -> PlaybookLibrary {
        PlaybookLibrary(
            [files.map { PlaybookFiles.Content(file: $0.0, bytes: Array($0.1.utf8)) }], loader: loader)
    }

    private func borrower(_ specification: String, file: String = "here/borrower.yaml") -> PlaybookLibrary {
        library([("here/lender.yaml", lender), (file, text("borrower", specification))])
    }

    @Test func `a definition, a remedy and a cause are taken over with all that they read`() throws {
        let library = borrower(
            """
            use: {lender: [is_ours, mend, too-deep]}
            causes:
              - {id: one, title: One, when: is_ours && !too_deep, remedies: [mend]}
            """)
        #expect(library.problems.map(\.message) == [])
        let playbook = try #require(library["borrower"])
        #expect(Set(playbook.definitions.map(\.name)) == ["deep", "is_ours", "place", "too_deep"])
        #expect(playbook.inputs.map(\.name) == ["depth"])
        #expect(playbook.remedies.map(\.id) == ["mend"])
        #expect(playbook.remedies.first?.location.file == "here/lender.yaml")
        #expect(playbook.lenders == ["here/lender.yaml"])
    }

    @Test func `what the playbook has itself is taken instead`() throws {
        let library = borrower(
            """
            use: {lender: [mend]}
            define: {place: "'there'", is_ours: platform == 'eks'}
            causes:
              - {id: one, title: One, when: is_ours, remedies: [mend]}
            """)
        #expect(library.problems.map(\.message) == [])
        let playbook = try #require(library["borrower"])
        #expect(playbook.definitions.map(\.name).sorted() == ["is_ours", "place"])
        #expect(playbook.definitions.first { $0.name == "place" }?.condition.program.source == "'there'")
        #expect(playbook.inputs.isEmpty)
    }

    @Test(arguments: [
        ("lender: [men]", "the playbook 'lender' has no definition, remedy or cause 'men'; did you mean 'mend'?"),
        ("lander: [mend]", "there is no playbook 'lander' beside this one to use"),
        ("borrower: [mend]", "there is no playbook 'borrower' beside this one to use"),
    ])
    func `what cannot be taken over is told at its place`(use: String, message: String) throws {
        let library = borrower(
            """
            use: {\(use)}
            causes: [{id: one, title: One, when: platform == 'eks'}]
            """)
        let problem = try #require(library.problems.first)
        #expect(problem.message == message)
        #expect(problem.location.file == "here/borrower.yaml")
        #expect(problem.location.line == 5)
        #expect(library["borrower"] == nil)
    }

    @Test func `a playbook of another folder lends nothing`() {
        let library = borrower(
            """
            use: {lender: [is_ours]}
            causes: [{id: one, title: One, when: is_ours}]
            """, file: "elsewhere/borrower.yaml")
        #expect(library.problems.contains { $0.code == .unknownPlaybook })
        #expect(library["borrower"] == nil)
    }

    @Test func `a mistake in what was taken over is told where it stands`() {
        let library = library([
            (
                "here/lender.yaml",
                text("lender", "causes: [{id: x, title: X, when: \"platform == 'a'\"}]\ndefine: {wrong: platform + 1}")
            ),
            (
                "here/borrower.yaml",
                text("borrower", "use: {lender: [wrong]}\ncauses: [{id: one, title: One, when: wrong == 'a'}]")
            ),
        ])
        #expect(library.problems.allSatisfy { $0.location.file == "here/lender.yaml" })
        #expect(!library.problems.isEmpty)
    }

    @Test(arguments: [("lander/too-deep", "lender/too-deep"), ("lender/to-deep", "lender/too-deep")])
    func `a cause that is asked and does not exist is told`(reference: String, offered: String) throws {
        let library = borrower(
            """
            asks: [\(reference)]
            causes: [{id: one, title: One, when: platform == 'eks'}]
            """)
        let problem = try #require(library.problems.first)
        #expect(problem.code == .unknownCause)
        #expect(problem.suggestion == offered)
    }
}
