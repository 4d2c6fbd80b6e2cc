import CEL
import Facts
import Testing

@testable import Playbooks

private let base = """
    apiVersion: playbooks.triage/v1
    kind: Playbook
    metadata: {name: base, title: A base, version: 1.0.0, severity: warning, tags: [one]}
    spec:
      symptoms:
        - text: the base is unwell
      inputs:
        depth: {type: int, title: How deep, default: 3}
      define:
        deep: inputs.depth > 2
      causes:
        - id: first
          title: The first
          when: deep && platform == 'kind'
          remedies: [mend]
        - id: second
          title: The second
          when: platform == 'eks'
          explains: [first]
          remedies: [mend, old]
      remedies:
        mend: {title: Mend it, risk: safe, steps: [{say: Mend it}]}
        old: {title: The old way, risk: safe, steps: [{say: "As \\"ever\\""}]}

    """

private func overlay(_ specification: String, target: String = "base") -> String {
    """
    apiVersion: playbooks.triage/v1
    kind: Overlay
    metadata: {name: ours}
    spec:
      target: \(target)

    """ + specification.split(separator: "\n", omittingEmptySubsequences: false).map { "  \($0)\n" }.joined()
}

@Suite struct OverlayTests {
    private let loader = Loader(catalogue: .madeUp)

    private func library(_ overlays: String...) -> PlaybookLibrary {
        PlaybookLibrary(
            [[.init(file: "base.yaml", bytes: Array(base.utf8))]]
                + overlays.enumerated().map { number, text in
                    [.init(file: "over-\(number).yaml", bytes: Array(text.utf8), isOverlay: true)]
                }, loader: loader)
    }

    @Test func `everything that an overlay may change is changed`() throws {
        let library = library(
            overlay(
                """
                severity: critical
                tags: [two]
                references: [https://wiki.example/base]
                symptoms: [{text: our words for it}]
                inputs: {depth: {default: 9}}
                disable: [second]
                change: {first: {severity: info, remedies: [ours, mend]}}
                causes:
                  - id: before-all
                    title: Before all
                    before: first
                    when: deep && platform == 'gke'
                remedies:
                  ours: {title: Our way, risk: safe, steps: [{say: Ours}]}
                  mend: {title: Mend it our way, risk: disruptive, steps: [{say: Other}]}
                """))
        #expect(library.problems.map(\.message) == [])
        let playbook = try #require(library["base"])
        #expect(playbook.severity == .critical)
        #expect(playbook.tags == ["one", "two"])
        #expect(playbook.references == ["https://wiki.example/base"])
        #expect(playbook.symptoms.count == 2)
        #expect(playbook.inputs.first?.defaultValue?.description == "9")
        #expect(playbook.causes.map(\.id) == ["before-all", "first"])
        #expect(playbook.causes.last?.severity == .info)
        #expect(playbook.causes.last?.remedies == ["ours", "mend"])
        #expect(playbook.remedies.map(\.title) == ["Our way", "Mend it our way"])
        #expect(playbook.overlays == ["over-0.yaml"])
        #expect(playbook.disabledCauses == ["second"])
        // Each part knows its own file and line, also inside of expressions.
        #expect(playbook.causes[0].location.file == "over-0.yaml")
        #expect(playbook.causes[0].location.line == 14)
        let platform = playbook.causes[0].when.location(of: 8..<16)
        #expect((platform.file, platform.line, platform.column) == ("over-0.yaml", 17, 21))
        #expect((playbook.causes[1].location.file, playbook.causes[1].location.line) == ("base.yaml", 12))
        #expect(playbook.remedies.map(\.location.file) == ["over-0.yaml", "over-0.yaml"])
    }

    @Test(arguments: [
        ("disable: [secnod]", 6, "the playbook 'base' has no cause 'secnod'; did you mean 'second'?"),
        (
            "change: {thrid: {severity: info}}", 6,
            "the playbook 'base' has no cause 'thrid'; expected one of 'first', 'second'"
        ),
        ("inputs: {dpeth: {default: 1}}", 6, "the playbook 'base' has no input 'dpeth'; did you mean 'depth'?"),
        (
            "causes: [{id: a, title: A, when: deep, before: frist}]", 6,
            "the playbook 'base' has no cause 'frist'; did you mean 'first'?"
        ),
        ("causes:\n  - {id: a, title: A, when: facts.swap.devices == 1}", 7, "there is no field 'swap'"),
        ("facts: {swap: node.swap}", 6, "an overlay"), ("define: {a: 'true'}", 6, "spec has no key"),
        ("disable: [first, second]", 6, "the playbook 'base' would have no cause left"),
    ])
    func `what does not fit is told at its place, and nothing is changed`(text: String, line: Int, message: String) {
        let library = library(overlay(text))
        #expect(!library.problems.isEmpty)
        if !message.hasPrefix("there is no field"), !message.hasPrefix("an overlay"), !message.hasPrefix("spec has") {
            #expect(library.problems.map(\.message) == [message])
            #expect(library.problems.map(\.code) == [.overlayTarget])
        }
        #expect(library.problems.first?.location.file == "over-0.yaml")
        #expect(library.problems.first?.location.line == line)
        #expect(library["base"]?.overlays == [])
        #expect(library["base"]?.causes.map(\.id) == ["first", "second"])
    }

    @Test func `an overlay reaches nothing new`() {
        // It has no facts, so there is nothing that it could have collected; not even the keys are known.
        for key in ["facts: {a: node.swap}", "define: {a: deep}", "permissions: {}"] {
            let problems = library(overlay(key)).problems
            #expect(problems.map(\.code) == [.unknownKey], "\(key)")
        }
    }

    @Test func `a target that is nowhere is told with the nearest`() {
        let problems = library(overlay("severity: info", target: "bsae")).problems
        #expect(problems.map(\.message) == ["there is no playbook 'bsae'; did you mean 'base'?"])
        #expect(problems.map(\.location.line) == [5])
        // The playbook is not of that library.
        #expect(library(overlay("severity: info", target: "acme/base")).problems.map(\.code) == [.overlayTarget])
    }

    @Test func `overlays add up in the order of their sources, and a later playbook is free of them`() throws {
        let both = library(overlay("severity: info\ntags: [a]"), overlay("severity: error\ntags: [b]"))
        let playbook = try #require(both["base"])
        #expect(playbook.severity == .error)
        #expect(playbook.tags == ["one", "a", "b"])
        #expect(playbook.overlays == ["over-0.yaml", "over-1.yaml"])
        let overridden = PlaybookLibrary(
            [
                [.init(file: "base.yaml", bytes: Array(base.utf8))],
                [.init(file: "over.yaml", bytes: Array(overlay("severity: info").utf8), isOverlay: true)],
                [.init(file: "mine.yaml", bytes: Array(base.utf8))],
            ], loader: loader)
        #expect(overridden["base"]?.severity == .warning)
        #expect(overridden["base"]?.overlays == [])
    }

    @Test func `what explains a disabled cause is not wrong for that`() {
        let other = base.replacing("name: base", with: "name: other").replacing("[first]", with: "[base/second]")
        let library = PlaybookLibrary(
            [
                [
                    .init(file: "base.yaml", bytes: Array(base.utf8)),
                    .init(file: "other.yaml", bytes: Array(other.utf8)),
                ],
                [.init(file: "over.yaml", bytes: Array(overlay("disable: [second]").utf8), isOverlay: true)],
            ], loader: loader)
        #expect(library.problems.map(\.message) == [])
    }

    @Test func `the resolved text is the playbook again, and each line knows where it comes from`() throws {
        let library = library(
            overlay("symptoms: [{text: our words}]\nchange: {first: {title: 'It''s ours'}}\ndisable: [second]"))
        let playbook = try #require(library["base"])
        let text = try #require(library.resolvedText(of: playbook))
        let (again, problems) = loader.load(
            Array(text.lines.map(\.text).joined(separator: "\n").utf8), file: "base.yaml")
        #expect(problems.map(\.message) == [])
        var expected = PlaybookOutline(playbook)
        expected.overlays = []
        #expect(again.map(PlaybookOutline.init) == [expected])
        func origin(_ part: String) -> String? {
            text.lines.first { $0.text.contains(part) }.map { "\($0.origin.file):\($0.origin.line)" }
        }
        #expect(origin("the base is unwell") == "base.yaml:6")
        #expect(origin("our words") == "over-0.yaml:6")
        #expect(origin("It''s ours") == "over-0.yaml:7")
        #expect(origin("when: deep") == "base.yaml:14")
        #expect(origin("second") == nil)
        #expect(origin("old") == nil)
    }
}
