import CEL
import Playbooks
import Testing

@testable import Engine

@Suite struct SymptomIndexTests {
    /// Symptoms that share most of their words, and some that say nothing beforehand.
    private static let library: [Playbook] = {
        var texts: [String] = []
        for number in 0..<300 {
            let name = "p\(number)"
            texts.append(
                playbookText(
                    name, symptom: "component \(number) could not reach its peer \(number * 7 % 300)",
                    causes: "- {id: c, title: A, when: platform == 'a'}"))
        }
        let patterns = [
            #"exit code (?P<code>[0-9]{3}) of (web|worker)-[a-z0-9]+"#, #"\bE[0-9]{4}\b"#, "oom", "(?i)Killed",
            #"dial tcp (?P<ip>\S+): (connection refused|i/o timeout)"#,
        ]
        for (number, pattern) in patterns.enumerated() {
            texts.append(
                playbookText("q\(number)", symptom: "x", causes: "- {id: c, title: A, when: platform == 'a'}")
                    .replacing("- text: x", with: "- regex: '\(pattern)'"))
        }
        return texts.flatMap { MadeUp().playbooks($0) }
    }()

    private static let outlines = library.map(PlaybookOutline.init)

    private static let texts = [
        "", "nothing at all", "component 12 could not reach its peer 84",
        "Component  12\ncould not\nreach its peer 84, component 13 could not reach its peer 91",
        "\u{1B}[31mcomponent 12\u{1B}[0m could not reach its \"peer\" 84",
        "log: exit code 137 of web-abc\nlog: exit code 1 of worker-x", "E1234 happened", "OOM", "killed", "E123",
        "dial tcp 10.0.0.1:6443: connection refused", "dial tcp 10.0.0.1:6443: i/o\n timeout",
        (0..<300).map { "component \($0) could not reach its peer \($0 * 7 % 300)" }.joined(separator: "\n"),
    ]

    @Test(arguments: texts)
    func `what the index leaves out does not match`(text: String) throws {
        let index = try #require(SymptomIndex(SymptomIndex.bytes(of: Self.outlines)))
        let candidates = index.candidates(in: text)
        let found = SymptomMatcher(candidates.map { Self.outlines[$0] }).matches(in: text)
        let all = SymptomMatcher(Self.outlines).matches(in: text)
        #expect(
            found.map { "\($0.playbook) \($0.line) \($0.text) \($0.groups) \($0.count)" }.sorted()
                == all.map { "\($0.playbook) \($0.line) \($0.text) \($0.groups) \($0.count)" }.sorted())
        #expect(found.map(\.playbook) == all.map(\.playbook))
    }

    @Test func `what the index leaves over is little`() throws {
        let index = try #require(SymptomIndex(SymptomIndex.bytes(of: Self.outlines)))
        let names = index.candidates(in: "component 12 could not reach its peer 84").map { Self.outlines[$0].name }
        #expect(names.contains("p12"))
        // Those whose patterns spell out too little are always tried.
        #expect(names.count < 20, "\(names)")
    }

    @Test func `bytes that are no index are refused`() {
        let bytes = SymptomIndex.bytes(of: Self.outlines)
        for count in stride(from: 0, to: bytes.count, by: 97) { #expect(SymptomIndex(Array(bytes[..<count])) == nil) }
        #expect(SymptomIndex([255, 255, 255, 255, 0]) == nil)
    }
}
