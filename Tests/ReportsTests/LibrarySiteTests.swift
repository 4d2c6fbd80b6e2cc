import CEL
import Engine
import Facts
import Foundation
import Playbooks
import TestSupport
import Testing

@testable import Reports

/// The pages of a library: what they say, where their links lead, and that nothing foreign gets out of its place.
@Suite struct LibrarySiteTests {
    private struct Switch: Collector {
        let declaration = Declaration(
            "switch", summary: "Made up.", parameters: [.init("which", .string, "The one.")],
            returns: .object(["on": .bool, "lamps": .list(.string)]), cost: .file)
        func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation
        {
            throw Unknown(.notCollected, "")
        }
    }

    private static let catalogue = Catalogue([Switch()])

    private static let lamp = """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata:
          name: lamp-dark
          title: The lamp is dark
          version: 1.2.0
          severity: warning
          tags: [lamp, hall]
          references: [https://lamps.example/dark]
        spec:
          symptoms: [{text: the lamp is dark}, {regex: 'lamp (?P<number>[0-9]+): no light'}]
          inputs: {which: {type: string, title: Which lamp it is, default: hall}}
          facts: {switch: {collector: switch, with: {which: "{{ inputs.which }}"}}}
          define: {broken: "facts.switch.on && size(facts.switch.lamps) == 0"}
          causes:
            - id: no-lamp
              title: There is no lamp
              when: broken && !facts.switch.lamps.exists(l, l == inputs.which)
              because: "{{ size(facts.switch.lamps) }} lamps are there"
              explains: [room-dark/no-light]
              remedies: [buy-one]
            - {id: switched-off, title: It is switched off, when: "!facts.switch.on", remedies: [switch-on, buy-one]}
          remedies:
            buy-one: {title: Buy a lamp, risk: safe, steps: [{say: "Go to the shop, with {{ inputs.which }}"}]}
            switch-on:
              title: Switch it on
              risk: disruptive
              when: platform != 'kind'
              steps: [{run: [lampctl, 'on', "{{ inputs.which }}"], privileged: true}]
              verify: facts.switch.on
              rollback: [{run: [lampctl, 'off']}]
        """
    private static let room = """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: room-dark, title: The room is dark, version: 1.0.0, severity: error}
        spec:
          symptoms: [{text: it is dark in here}]
          facts: {switch: switch}
          causes: [{id: no-light, title: Nothing gives light, when: size(facts.switch.lamps) == 0}]
        """
    private static let tests = """
        apiVersion: playbooks.triage/v1
        kind: PlaybookTest
        playbook: lamp-dark
        cases:
          - name: switched off
            facts: {switch: {on: false, lamps: [hall]}}
            expect: {confirmed: [switched-off], ruledOut: [no-lamp]}
          - name: wrong on purpose
            facts: {switch: {on: true, lamps: [hall]}}
            expect: {confirmed: [switched-off]}
        """

    private static func site(_ texts: [String], tests: String? = nil, title: String = "Lamps") async -> LibrarySite {
        let loader = Loader(catalogue: catalogue)
        let contents = texts.enumerated().map { PlaybookFiles.Content(file: "\($0).yaml", bytes: Array($1.utf8)) }
        let library = PlaybookLibrary([contents], loader: loader)
        #expect(library.problems.map(\.message) == [])
        var report = PlaybookTestRunner.Report()
        if let tests {
            report = await PlaybookTestRunner(playbooks: library.playbooks, catalogue: catalogue)
                .run(Array(tests.utf8), file: "t.yaml")
            #expect(report.problems.map(\.message) == [])
        }
        return LibrarySite(
            title: title, description: "What we know of lamps.", playbooks: library.playbooks, tests: report,
            permissions: ["lamp-dark": ["runs lampctl"]])
    }

    @Test func `the pages of a small library are these`() async throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Site")
        for file in await Self.site([Self.lamp, Self.room], tests: Self.tests).files {
            let place = folder.appending(path: file.path)
            if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" {
                try FileManager.default.createDirectory(
                    at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.text.utf8).write(to: place)
            }
            let kept = try? String(contentsOf: place, encoding: .utf8)
            #expect(kept == file.text, "\(file.path) is not what is written; run the tests with UPDATE_GOLDEN=1")
        }
    }

    @Test func `every link leads somewhere`() async throws {
        let files = await Self.site([Self.lamp, Self.room], tests: Self.tests).files
        var pages = Dictionary(uniqueKeysWithValues: files.map { ($0.path, $0.text) })
        #expect(try deadLinks(in: pages) == [])
        #expect(files.flatMap { $0.text.matches(of: /href="/) }.count > 10)
        pages["README.md"]? += "[x](playbooks/none.md) [y](playbooks/lamp-dark.md#cause-none)"
        #expect(
            try deadLinks(in: pages) == [
                "README.md: playbooks/none.md", "README.md: playbooks/lamp-dark.md#cause-none",
            ])
    }

    @Test func `what a stranger wrote is text on every page`() async throws {
        // With a combining mark behind it a quote is another character to Swift, and a quote to a browser.
        let evil =
            "<script>alert(1)</script> \\\"\u{338} onload=x \\\"'><img src=x> `code` [a](javascript:x) | & ]]> -->"
        let text = """
            apiVersion: playbooks.triage/v1
            kind: Playbook
            metadata: {name: evil, title: "\(evil)", version: 1.0.0, severity: error, tags: ["\(evil)"]}
            spec:
              symptoms: [{text: "\(evil)"}]
              inputs: {which: {type: string, title: "\(evil)"}}
              facts: {switch: {collector: switch, with: {which: "\(evil)"}}}
              causes: [{id: a, title: "\(evil)", when: "facts.switch.on && '<b>\u{60}|' != ''", because: "\(evil)", remedies: [r]}]
              remedies: {r: {title: "\(evil)", risk: safe, steps: [{run: [echo, "\(evil)"]}, {say: "\(evil)"}]}}
            """
        for file in await Self.site([text], title: evil).files {
            var markup = file.text.replacing(/<script>const q.*?<\/script>/.dotMatchesNewlines(), with: "")
            if file.path.hasSuffix(".md") {
                // Without what is code, and what is escaped.
                markup = markup.replacing(/```sh\n.*?\n```/.dotMatchesNewlines(), with: "")
                    .replacing(/\\./, with: "").replacing(/`[^`\n]*`/, with: "")
            }
            #expect(!markup.contains("<script"), "\(file.path)")
            if file.path.hasSuffix(".html") {
                // Tags are of a few kinds, and each of their attributes is closed where it should be.
                let tags = Set(markup.matches(of: /<([a-z0-9]+)/).map { String($0.output.1) })
                #expect(tags.isSubset(of: Self.tags), "\(tags.subtracting(Self.tags))")
                for match in markup.matches(of: /<[a-z][^>]*>/) {
                    let scalars = match.output.unicodeScalars
                    #expect(scalars.count { $0 == "\"" } % 2 == 0 && !scalars.contains("\u{338}"), "\(match.output)")
                }
            } else {
                for line in markup.split(separator: "\n") where line.hasPrefix("|") {
                    let bars = line.unicodeScalars.count { $0 == "|" }
                    #expect([3, 5].contains(bars), "\(line)")
                }
                #expect(!markup.contains("](javascript"), "\(file.path)")
                #expect(!markup.contains("<img"), "\(file.path)")
            }
        }
    }

    private static let tags: Set<String> = [
        "html", "head", "meta", "title", "style", "body", "p", "a", "h1", "h2", "h3", "code", "span", "ul", "li",
        "table",
        "tr", "th", "td", "strong", "br", "details", "summary", "pre", "article", "label", "input",
    ]

    @Test(arguments: [
        ("a && !b || c", "(a and not b) or c"), ("size(a.list) == 0", "there are no a.list"),
        ("size(a.list) > 2", "the number of a.list is more than 2"),
        (
            "!has(a.x) && a.list.exists(l, l.startsWith('x'))",
            "a.x is not there and some l of a.list has l begins with 'x'"
        ),
        ("b ? c : !c", "if b then c, else not c"), ("a.x in ['p', 'q']", "a.x is in ['p', 'q']"),
        ("a.list.all(l, l != a.x)", "every l of a.list has l is not a.x"),
    ])
    func `a condition is put into words`(source: String, words: String) throws {
        let environment = Environment(
            variables: ["a": .dyn, "b": .bool, "c": .bool])
        #expect(try environment.compile(source).words == words)
    }
}
