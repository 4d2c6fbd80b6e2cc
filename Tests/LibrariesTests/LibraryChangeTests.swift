import CEL
import Facts
import Foundation
import Playbooks
import Testing

@testable import Libraries

/// What an update brings, in words that a person reads before saying yes.
@Suite struct LibraryChangeTests {
    private func candidate(_ files: [String: String]) throws -> (LibraryPackage, [Playbook]) {
        let package = try LibraryPackage(checking: MadeUpLibrary.tree(files))
        let library = PlaybookLibrary([package.playbooks], loader: MadeUpLibrary.loader)
        return (package, library.playbooks)
    }

    static let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    private func expectGolden(_ lines: [String], _ name: String) throws {
        let file = Self.golden.appending(path: name)
        let text = lines.map { $0 + "\n" }.joined()
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try Data(text.utf8).write(to: file)
        }
        #expect(try String(contentsOf: file, encoding: .utf8) == text)
    }

    private var old: [String: String] {
        var files = MadeUpLibrary.files(playbooks: ["some-trouble", "old-trouble", "same-trouble", "texts-trouble"])
        files["library.yaml"] = MadeUpLibrary.manifest(
            permissions: "{commands: [[crictl, ps]], resources: [\"get,list:pods\"], remedies: printed}")
        return files
    }

    private var new: [String: String] {
        var files = old
        files["playbooks/old-trouble.yaml"] = nil
        files["playbooks/new-trouble.yaml"] = MadeUpLibrary.playbook("new-trouble")
        files["playbooks/some-trouble.yaml"] = """
            apiVersion: playbooks.triage/v1
            kind: Playbook
            metadata: {name: some-trouble, title: Something, version: 1.1.0, severity: error}
            spec:
              symptoms: [{text: something of acme is wrong}, {regex: 'acme-\\d+'}]
              causes:
                - {id: on-kubeadm, title: It is, when: "platform == 'kubeadm' || platform == 'kind'", remedies: [mend]}
                - {id: on-eks, title: It is, when: "platform == 'eks'", remedies: [mend]}
              remedies: {mend: {title: Mend it, risk: safe, steps: [{run: [crictl, rm, -f, x]}]}}
            """
        files["playbooks/texts-trouble.yaml"] = files["playbooks/texts-trouble.yaml"]?
            .replacingOccurrences(of: "Mend it", with: "Mend it well")
        files["library.yaml"] = MadeUpLibrary.manifest(
            version: "1.1.0",
            permissions:
                "{commands: [[crictl, ps], [crictl, inspect, \"*\"]], hosts: [\"https://status.acme.example:443\"], remedies: runnable}"
        ).replacing("spec:\n", with: "spec:\n  channel: testing\n")
        return files
    }

    @Test func `an update says which playbooks, symptoms, causes, conditions, commands and permissions change`() throws
    {
        try expectGolden(LibraryChange.words(from: candidate(old), to: candidate(new)), "update.txt")
    }

    @Test func `a first use says all that there is, beside the permissions that are shown with it`() throws {
        try expectGolden(LibraryChange.words(from: nil, to: candidate(new)), "first-use.txt")
    }

    @Test func `the same again says nothing`() throws {
        #expect(LibraryChange.words(from: try candidate(old), to: try candidate(old)) == [])
    }
}
