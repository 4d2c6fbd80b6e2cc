import Foundation
import Testing

/// The built command with libraries: the question at the first use, and what lint, test and fix say of what is pinned.
@Suite struct LibraryUseTests {
    private static let manifest = """
        apiVersion: playbooks.triage/v1
        kind: Library
        metadata: {name: acme, version: 1.0.0, description: What Acme knows}
        spec: {permissions: {commands: [[crictl, ps]], remedies: runnable}}

        """
    private static let playbook = """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: acme-trouble, title: Something of Acme, version: 1.0.0, severity: error, tags: [acme]}
        spec:
          symptoms: [{text: something of acme is wrong}]
          facts: {seen: {collector: command, with: {run: [crictl, ps]}}}
          causes:
            - {id: it-is, title: It is, when: facts.seen.exitCode == 0, because: it ended well, remedies: [mend]}
          remedies: {mend: {title: Mend it, risk: safe, steps: [{say: Mend it}]}}

        """
    private static let tests = """
        apiVersion: playbooks.triage/v1
        kind: PlaybookTest
        playbook: acme-trouble
        cases:
          - {name: it is, facts: {seen: {exitCode: 0, output: "", error: ""}}, expect: {confirmed: [it-is]}}
          - {name: wrong, facts: {seen: {exitCode: 1, output: "", error: ""}}, expect: {confirmed: [it-is]}}

        """
    /// A person's own, which the library's overlay changes.
    private static let mine = """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: mine, title: Mine, version: 1.0.0, severity: error, tags: [mine]}
        spec:
          symptoms: [{text: something of mine is wrong}]
          causes: [{id: on-kind, title: It is kind, when: platform == 'kind', because: it is kind, remedies: [mend]}]
          remedies:
            mend:
              {title: Mend it, risk: safe, steps: [{run: [touch, "{{ 'own' }}"]}], verify: platform != 'kind'}

        """

    private func write(_ files: [String: String], to folder: URL) throws {
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    /// A home with the library beside it, packaged.
    private func withLibrary(
        _ more: [String: String] = [:], _ body: (_ home: URL, _ library: String) async throws -> Void
    )
        async throws
    {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let library = home.appending(path: "acme")
        try write(
            [
                "library.yaml": Self.manifest, "playbooks/acme-trouble.yaml": Self.playbook,
                "playbooks/tests/acme-trouble_test.yaml": Self.tests,
            ].merging(more) { $1 }, to: library)
        let path = library.path(percentEncoded: false)
        let packaged = try await TriageCommand.run(["library", "package", path], home: home)
        try #require(packaged.exitCode == 0, "\(packaged.notes)")
        try await body(home, path)
    }

    @Test func `the first use is shown and asked about, and a no pins nothing`() async throws {
        try await withLibrary { home, library in
            let no = try await PseudoTerminal.run(
                ["library", "add", library], replies: [.init("Use it? [y/N]", "n")], home: home)
            #expect(no.exitCode == 3 && no.shown.contains("not agreed to"), "\(no.shown)")
            for words in [
                "acme 1.0.0 from ", "digest       sha256:", "signed by    nobody", "level        read-only: it reads",
                "runs crictl ps", "its remedies' commands are runnable",
            ] {
                #expect(no.shown.contains(words), "\(words): \(no.shown)")
            }
            #expect(try await TriageCommand.run(["library", "list"], home: home).output.isEmpty)
            // What ends the input, and what is no yes, is a no.
            for answer in ["", "maybe"] {
                let other = try await PseudoTerminal.run(
                    ["library", "add", library], replies: [.init("Use it? [y/N]", answer)], home: home)
                #expect(other.exitCode == 3, "\(other.shown)")
            }
            let yes = try await PseudoTerminal.run(
                ["library", "add", library], replies: [.init("Use it? [y/N]", "yes")], home: home)
            #expect(yes.exitCode == 0 && yes.output.hasPrefix("acme 1.0.0 sha256:"), "\(yes.shown)")
            let list = try await TriageCommand.run(["library", "list"], home: home).output
            #expect(list.hasPrefix("acme 1.0.0  read-only  "), "\(list)")
            // What was agreed to is not asked again.
            let again = try await PseudoTerminal.run(["library", "add", library], replies: [], home: home)
            #expect(again.exitCode == 0 && !again.shown.contains("Use it?"), "\(again.shown)")
        }
    }

    @Test func `without a terminal nobody is asked, and nothing is pinned`() async throws {
        try await withLibrary { home, library in
            let result = try await TriageCommand.run(["library", "add", library], home: home)
            #expect(result.exitCode == 3 && result.notes.contains("--accept-permissions sha256:"), "\(result.notes)")
            #expect(try await TriageCommand.run(["library", "list"], home: home).output.isEmpty)
        }
    }

    @Test func `permissions that are accepted say nothing of who signed`() async throws {
        try await withLibrary { home, library in
            let first = try await TriageCommand.run(["library", "add", library], home: home).notes
            let hash = try #require(first.firstMatch(of: #/--accept-permissions (sha256:[0-9a-f]{64})/#)).1
            let accept = ["--accept-permissions", String(hash)]
            #expect(try await TriageCommand.run(["library", "add", library] + accept, home: home).exitCode == 0)
            // What is agreed to already is agreed to again.
            #expect(
                try await TriageCommand.run(["library", "trust", "acme", "--level", "hosts"] + accept, home: home)
                    .exitCode == 0)
            try write(
                ["library.yaml": Self.manifest.replacing("1.0.0", with: "1.1.0")], to: home.appending(path: "acme"))
            let packaged = try await TriageCommand.run(["library", "package", library], home: home)
            let digest = try #require(packaged.output.firstMatch(of: #/sha256:[0-9a-f]{64}/#)).output
            for given in [accept, accept + ["--yes"], accept + ["--signer", "SHA256:other"]] {
                let refused = try await TriageCommand.run(["library", "update"] + given, home: home)
                #expect(refused.exitCode == 3 && refused.notes.contains("--signer \(digest)"), "\(refused.notes)")
            }
            let alone = try await TriageCommand.run(
                ["library", "update", "--signer", String(digest)], home: home)
            #expect(alone.exitCode == 3, "\(alone.notes)")
            let taken = try await TriageCommand.run(
                ["library", "update"] + accept + ["--signer", String(digest)], home: home)
            #expect(taken.exitCode == 0 && taken.output.contains("acme 1.1.0"), "\(taken.notes)")
        }
    }

    @Test(arguments: ["", "=", "=dir:/a", "acme="])
    func `an index of no folder is refused with what is expected`(text: String) async throws {
        let home = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: home) }
        let result = try await TriageCommand.run(["library", "index", text], home: home)
        #expect(result.exitCode == 3 && result.notes.contains("expected FOLDER or FOLDER=SOURCE"), "\(result.notes)")
    }

    @Test func `what a publisher wrote stays in its line of the question`() async throws {
        let words = #""What\n  signed by    Mallory\r\n  level        read-only""#
        let manifest = Self.manifest.replacing("What Acme knows", with: words)
        let playbook = Self.playbook.replacing(
            "[{say: Mend it}]", with: #"[{run: [crictl, "a\n  signed by    Mallory"]}]"#)
        try await withLibrary(["library.yaml": manifest, "playbooks/acme-trouble.yaml": playbook]) { home, library in
            let shown = try await TriageCommand.run(["library", "add", library], home: home).notes
            #expect(shown.contains(#"What\n  signed by    Mallory\r\n  level        read-only"#), "\(shown)")
            #expect(shown.contains(#"a\n  signed by    Mallory"#), "\(shown)")
            let lines = shown.split(whereSeparator: \.isNewline)
            #expect(lines.count { $0.hasPrefix("  signed by") } == 1, "\(shown)")
            #expect(lines.count { $0.hasPrefix("  level") } == 1, "\(shown)")
        }
    }

    private func add(_ library: String, _ home: URL) async throws {
        let added = try await PseudoTerminal.run(
            ["library", "add", library], replies: [.init("Use it? [y/N]", "y")], home: home)
        try #require(added.exitCode == 0, "\(added.shown)")
    }

    @Test func `lint and test without paths check what is pinned, at its place`() async throws {
        try await withLibrary { home, library in
            try await add(library, home)
            let lint = try await TriageCommand.run(["lint"], home: home)
            let place = "acme@1.0.0/playbooks/acme-trouble.yaml:3:"
            #expect(lint.exitCode == 0 && lint.output.contains(place), "\(lint.output)")
            // With the line itself, from the package and not from a file of that name.
            #expect(lint.output.contains("title: Something of Acme"), "\(lint.output)")
            let test = try await TriageCommand.run(["test"], home: home)
            #expect(test.exitCode == 1 && test.output.contains("✗ acme-trouble: wrong"), "\(test.output)")
            #expect(test.output.contains("acme@1.0.0/playbooks/tests/acme-trouble_test.yaml:6"), "\(test.output)")
        }
    }

    @Test func `a remedy that an overlay brings is shown, tested and never run for a library that may not`()
        async throws
    {
        let overlay = """
            apiVersion: playbooks.triage/v1
            kind: Overlay
            metadata: {name: acme-mine}
            spec:
              target: mine
              remedies:
                mend: {title: Acme mends it, risk: safe, steps: [{run: [touch, acme-was-here]}], verify: platform != 'kind'}

            """
        try await withLibrary(["overlays/mine.yaml": overlay]) { home, library in
            try write(["base/library.yaml": Self.manifest.replacing("acme", with: "base")], to: home)
            try write(["base/playbooks/mine.yaml": Self.mine], to: home)
            let base = home.appending(path: "base").path(percentEncoded: false)
            #expect(try await TriageCommand.run(["library", "package", base], home: home).exitCode == 0)
            try await add(base, home)
            try await add(library, home)
            let shown = try await TriageCommand.run(["show", "mine"], home: home)
            #expect(shown.output.contains("changed by acme@1.0.0/overlays/mine.yaml"), "\(shown.output)")
            #expect(shown.output.contains("touch acme-was-here"), "\(shown.output)")
            let resolved = try await TriageCommand.run(["show", "mine", "--resolved"], home: home)
            #expect(resolved.output.contains("# acme@1.0.0/overlays/mine.yaml:7"), "\(resolved.output)")
            let preview = try await TriageCommand.run(["fix", "mine", "--platform", "kind", "--dry-run"], home: home)
            #expect(preview.exitCode == 0 && preview.output.contains("touch acme-was-here"), "\(preview.output)")
            let fix = try await TriageCommand.run(["fix", "mine", "--platform", "kind", "--yes"], home: home)
            #expect(
                fix.exitCode == 3 && fix.notes.contains("trusted for 'read-only', not to run remedies"), "\(fix.notes)")
        }
    }

    /// Of what has been published, whatever is asked and wherever somebody is there to answer.
    @Test func `what may never be taken is told before anybody is asked, and nothing new is not shown`() async throws {
        try await withLibrary { home, library in
            try await add(library, home)
            let locked = try await TriageCommand.run(["library", "update", "--locked"], home: home)
            #expect(locked.exitCode == 0 && locked.notes.isEmpty, "\(locked.notes)")
            let json = try await TriageCommand.run(["library", "list", "--json"], home: home)
            for words in [#""name": "acme""#, #""level": "read-only""#, #""inForce": true"#, #""runs crictl ps""#] {
                #expect(json.output.contains(words), "\(words): \(json.output)")
            }
            let folder = URL(fileURLWithPath: library)
            for (version, words) in [("1.0.0", "is not what it was"), ("0.9.0", "is older than 1.0.0")] {
                try write(["library.yaml": Self.manifest.replacing("1.0.0", with: version)], to: folder)
                try write(["README.md": version], to: folder)
                #expect(try await TriageCommand.run(["library", "package", library], home: home).exitCode == 0)
                let outdated = try await TriageCommand.run(["library", "outdated"], home: home)
                #expect(outdated.exitCode == 3 && outdated.output.isEmpty, "\(outdated.output)")
                #expect(outdated.notes.contains("error: acme \(version) \(words)"), "\(outdated.notes)")
                let update = try await PseudoTerminal.run(["library", "update"], replies: [], home: home)
                #expect(update.exitCode == 3 && update.shown.contains(words), "\(update.shown)")
                #expect(!update.shown.contains("digest "), "\(update.shown)")
            }
            try write(["library.yaml": Self.manifest.replacing("1.0.0", with: "1.1.0")], to: folder)
            #expect(try await TriageCommand.run(["library", "package", library], home: home).exitCode == 0)
            let outdated = try await TriageCommand.run(["library", "outdated"], home: home)
            #expect(outdated.exitCode == 1 && outdated.output == "acme 1.0.0 -> 1.1.0\n", "\(outdated.notes)")
            let states = try await TriageCommand.run(["library", "rollback", "--list"], home: home)
            #expect(states.exitCode == 0 && states.output.isEmpty, "\(states.output)")
        }
    }

    @Test func `what needs another library says so when that one is to be removed, and overrides are listed`()
        async throws
    {
        try await withLibrary { home, library in
            try await add(library, home)
            let needs = Self.manifest.replacing("name: acme", with: "name: needy").replacing(
                "spec: {", with: "spec: {requires: {libraries: [{name: acme, version: ^1.0}]}, ")
            try write(["needy/library.yaml": needs, "needy/playbooks/acme-trouble.yaml": Self.playbook], to: home)
            let needy = home.appending(path: "needy").path(percentEncoded: false)
            #expect(try await TriageCommand.run(["library", "package", needy], home: home).exitCode == 0)
            try await add(needy, home)
            let removed = try await TriageCommand.run(["library", "remove", "acme"], home: home)
            #expect(removed.exitCode == 3 && removed.notes.contains("needy needs acme ^1.0"), "\(removed.notes)")
            #expect(removed.notes.contains("library remove"), "\(removed.notes)")
            let list = try await TriageCommand.run(["list"], home: home)
            let words = list.output.split(whereSeparator: \.isWhitespace).joined(separator: " ")
            #expect(
                words.contains(
                    "needy@1.0.0/playbooks/acme-trouble.yaml overrides acme@1.0.0/playbooks/acme-trouble.yaml"),
                "\(list.output)")
            let json = try await TriageCommand.run(["list", "--json"], home: home)
            #expect(json.output.contains(#""acme@1.0.0/playbooks/acme-trouble.yaml""#), "\(json.output)")
        }
    }
}
