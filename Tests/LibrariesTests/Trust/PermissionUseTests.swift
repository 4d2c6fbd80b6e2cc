import Foundation
import Testing

@testable import Libraries

/// The built command with libraries of different standing: what one may do, another may not.
@Suite(.enabled(if: InterruptionTests.isBuilt, "the command triage is not there"))
struct PermissionUseTests {
    /// Confirmed where the fact could be had.
    private func library(_ name: String, permissions: String, facts: String) -> [String: String] {
        [
            "library.yaml": MadeUpLibrary.manifest(name: name, permissions: permissions),
            "playbooks/\(name)-trouble.yaml": """
            apiVersion: playbooks.triage/v1
            kind: Playbook
            metadata: {name: \(name)-trouble, title: Something, version: 1.0.0, severity: error}
            spec:
              symptoms: [{text: something of \(name) is wrong}]
              facts: {seen: \(facts)}
              causes:
                - {id: it-is, title: It is, when: "facts.seen.exitCode == 0"}
            """,
        ]
    }

    private static let uname = "{collector: command, with: {run: [uname, -s]}}"

    private func triage(_ arguments: [String], _ folder: String) async throws -> (code: Int32, text: String) {
        let environment = [
            "PATH": "/usr/bin:/bin", "HOME": folder, "XDG_CONFIG_HOME": "\(folder)/config",
            "XDG_CACHE_HOME": "\(folder)/cache",
        ]
        let result = try await Programs.run(InterruptionTests.binary, arguments, environment: environment)
        return (result.exitCode, String(decoding: result.output, as: UTF8.self) + result.error)
    }

    private func add(_ name: String, _ files: [String: String], _ folder: String) async throws {
        try MadeUpLibrary.write(files, to: "\(folder)/\(name)")
        let hash = try LibraryPublishing.writeDigests("\(folder)/\(name)").manifest.permissions.hash
        let added = try await triage(["library", "add", "\(folder)/\(name)", "--accept-permissions", hash], folder)
        try #require(added.code == 0, "\(added.text)")
    }

    private func hash(_ name: String, _ folder: String) throws -> String {
        try LibraryPublishing.package("\(folder)/\(name)").manifest.permissions.hash
    }

    @Test func `a command runs for the library that was given it, and for no other that asks for the same`()
        async throws
    {
        try await withDirectory { folder in
            for name in ["acme", "other"] {
                try await add(name, library(name, permissions: "{commands: [[uname]]}", facts: Self.uname), folder)
            }
            // Agreed to, and read-only: nothing runs, and it is said how it would. --allow-commands is for one's own.
            for more in [[], ["--allow-commands"]] {
                let first = try await triage(["run", "acme-trouble"] + more, folder)
                #expect(first.code == 2, "\(first.text)")
                #expect(first.text.contains("the library 'acme' may not run commands (uname)"), "\(first.text)")
                #expect(first.text.contains("triage library trust acme --level commands"), "\(first.text)")
            }
            let shown = try await triage(["show", "acme-trouble"], folder).text
            #expect(
                shown.contains("trusted for 'read-only': it reads") && shown.contains("may not  run uname -s"),
                "\(shown)")
            let refused = try await triage(["library", "trust", "acme", "--level", "commands"], folder)
            #expect(refused.code == 3 && refused.text.contains("nobody is there"), "\(refused.text)")
            let given = try await triage(
                [
                    "library", "trust", "acme", "--level", "commands", "--accept-permissions",
                    try hash("acme", folder),
                ], folder)
            #expect(given.code == 0 && given.text.contains("it may run the commands"), "\(given.text)")
            #expect(try await triage(["run", "acme-trouble"], folder).code == 1)
            #expect(try await triage(["show", "acme-trouble"], folder).text.contains("  may      run uname -s"))
            // Both at once, the same request: one has it, the other has not.
            let both = try await triage(["run", "acme-trouble", "other-trouble", "-o", "json"], folder)
            let document = try #require(
                try JSONSerialization.jsonObject(with: Data(both.text.utf8)) as? [String: Any], "\(both.text)")
            let findings = document["findings"] as? [[String: Any]] ?? []
            let status = Dictionary(
                uniqueKeysWithValues: findings.map { ($0["playbook"] as? String ?? "", $0["status"] as? String ?? "") })
            #expect(status == ["acme-trouble": "confirmed", "other-trouble": "undetermined"])
            // And back.
            let less = try await triage(
                [
                    "library", "trust", "acme", "--level", "read-only", "--accept-permissions",
                    try hash("acme", folder),
                ], folder)
            #expect(less.code == 0, "\(less.text)")
            #expect(try await triage(["run", "acme-trouble"], folder).code == 2)
        }
    }

    /// The rule for the folders that Alice signs.
    private func write(rule: String, _ folder: String) throws {
        let policy = """
            apiVersion: playbooks.triage/v1
            kind: TrustPolicy
            sources: [{match: "dir:*", name: "*", signers: {any: [alice@example.org]}, \(rule)}]
            """
        try Disk.replace("\(folder)/config/triage/trust.yaml", Array(policy.utf8))
    }

    /// The library acme as Alice signs it, added under a rule.
    private func addSigned(_ files: [String: String], rule: String, _ folder: String) async throws {
        let key = "\(folder)/key"
        #expect(try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", key]).exitCode == 0)
        let publicKey = String(decoding: try Disk.contents(of: key + ".pub", limit: 4096), as: UTF8.self)
        try Disk.replace("\(folder)/config/triage/allowed_signers", Array("alice@example.org \(publicKey)".utf8))
        let source = "\(folder)/acme"
        try MadeUpLibrary.write(files, to: source)
        _ = try LibraryPublishing.writeDigests(source)
        _ = try await LibraryPublishing.sign(source, key: key, environment: ProcessInfo.processInfo.environment)
        try write(rule: rule, folder)
        let added = try await triage(["library", "add", source], folder)
        try #require(added.code == 0, "\(added.text)")
    }

    @Test func `a path of the playbook's choice is read where it was declared and given, whoever reads it`()
        async throws
    {
        try await withDirectory { folder in
            let file = "\(folder)/secret.pem"
            try Disk.replace(file, Array("nothing of a certificate\n".utf8))
            var files = library(
                "acme", permissions: "{files: [\"\(file)\"]}",
                facts: "{collector: certificate, with: {path: \"\(file)\"}}")
            let path = "playbooks/acme-trouble.yaml"
            files[path] = files[path]?.replacingOccurrences(of: "seen.exitCode == 0", with: "seen.problem == 'notPEM'")
            try await addSigned(files, rule: "level: read-only", folder)
            for (rule, code, words) in [
                ("level: read-only", 1, ""), ("level: read-only, files: [\"\(folder)/**\"]", 1, ""),
                ("level: read-only, files: [/etc/kubernetes/**]", 2, "the library 'acme' may not read \(file)"),
                ("level: commands, files: []", 2, "does not name it"),
            ] {
                try write(rule: rule, folder)
                let result = try await triage(["run", "acme-trouble", "-o", "json"], folder)
                #expect(result.code == Int32(code) && (words.isEmpty || result.text.contains(words)), "\(result.text)")
                // What it cannot have by a flag is not offered.
                #expect(!result.text.contains("--allow-commands"), "\(result.text)")
            }
            // Undeclared, it is no library at all.
            files["library.yaml"] = MadeUpLibrary.manifest(permissions: "{}")
            try MadeUpLibrary.write(files, to: "\(folder)/acme")
            _ = try LibraryPublishing.writeDigests("\(folder)/acme")
            let checked = try await triage(["library", "package", "\(folder)/acme"], folder)
            #expect(checked.code == 3 && checked.text.contains("to read \(file)"), "\(checked.text)")
        }
    }

    @Test func `a default that an overlay brings is its library's choice`() async throws {
        try await withDirectory { folder in
            let file = "\(folder)/secret.pem"
            try Disk.replace(file, Array("nothing of a certificate\n".utf8))
            // The playbook's own library may read anything; whose overlay fills in the path may not.
            let base = """
                apiVersion: playbooks.triage/v1
                kind: Playbook
                metadata: {name: mine, title: Something, version: 1.0.0, severity: error}
                spec:
                  symptoms: [{text: something of mine is wrong}]
                  inputs: {path: {type: string, title: The file, default: /nonexistent}}
                  facts: {seen: {collector: certificate, with: {path: "{{ inputs.path }}"}}}
                  causes: [{id: it-is, title: It is, when: "facts.seen.problem == 'notPEM'"}]
                """
            try await add(
                "base",
                [
                    "library.yaml": MadeUpLibrary.manifest(name: "base", permissions: "{files: [\"**\"]}"),
                    "playbooks/mine.yaml": base,
                ], folder)
            let mine = ["run", "mine", "-o", "json"]
            #expect(try await triage(mine, folder).code == 0)
            #expect(try await triage(mine + ["--input", "path=\(file)"], folder).code == 1)
            let overlay = """
                apiVersion: playbooks.triage/v1
                kind: Overlay
                metadata: {name: other-path}
                spec: {target: mine, inputs: {path: {default: "\(file)"}}}
                """
            try await add(
                "acme", ["library.yaml": MadeUpLibrary.manifest(permissions: "{}"), "overlays/a.yaml": overlay], folder)
            let result = try await triage(mine, folder)
            #expect(
                result.code == 2 && result.text.contains("may not read \(file)"), "\(result.text)")
            #expect(result.text.contains("library.yaml of acme 1.0.0 does not ask for it"), "\(result.text)")
        }
    }

    @Test func `a rule of the policy gives what it names, and no more`() async throws {
        try await withDirectory { folder in
            func write(_ rule: String) throws { try self.write(rule: rule, folder) }
            try await addSigned(
                library("acme", permissions: "{commands: [[uname, -s]]}", facts: Self.uname), rule: "level: commands",
                folder)
            for (rule, code, words) in [
                ("level: commands", 1, ""), ("level: hosts", 2, "may not run commands (uname)"),
                ("level: commands, commands: [[uname]]", 1, ""),
                ("level: commands, commands: [[uname, -r]]", 2, "may not run uname with these arguments"),
                ("level: commands, commands: [[crictl]]", 2, "does not name it"),
                ("level: hosts, commands: [[uname]]", 2, "but its level is 'hosts'"),
                ("level: commands, commands: []", 2, "nothing could ever be allowed"),
            ] {
                try write(rule)
                let result = try await triage(["run", "acme-trouble"], folder)
                // A policy that cannot be read trusts nobody: then the playbook is not there.
                let isBroken = words.contains("level is") || words.contains("ever be")
                #expect(result.code == (isBroken ? 3 : Int32(code)), "\(rule): \(result.text)")
                #expect(words.isEmpty || result.text.contains(words), "\(rule): \(result.text)")
            }
            // What the policy decides, no answer changes.
            try write("level: hosts")
            let refused = try await triage(["library", "trust", "acme", "--level", "commands"], folder)
            #expect(refused.code == 3 && refused.text.contains("decides about acme"), "\(refused.text)")
        }
    }

    @Test func `a value that is filled in reaches no further than what was declared`() async throws {
        try await withDirectory { folder in
            let facts = "{collector: command, with: {run: [uname, \"{{ inputs.option }}\"]}}"
            var files = library("acme", permissions: "{commands: [[uname, \"*\"]]}", facts: facts)
            let path = "playbooks/acme-trouble.yaml"
            files[path] = files[path]?.replacingOccurrences(
                of: "  facts:", with: "  inputs: {option: {type: string, title: What, default: -s}}\n  facts:")
            try await add("acme", files, folder)
            let given = try await triage(
                ["library", "trust", "acme", "--level", "commands", "--accept-permissions", try hash("acme", folder)],
                folder)
            #expect(given.code == 0, "\(given.text)")
            let policy = """
                apiVersion: playbooks.triage/v1
                kind: TrustPolicy
                default: {level: commands}
                """
            try Disk.replace("\(folder)/config/triage/trust.yaml", Array(policy.utf8))
            #expect(try await triage(["run", "acme-trouble"], folder).code == 1)
        }
    }

    @Test func `a folder that is called as a library's files are is none`() async throws {
        try await withDirectory { folder in
            try await add(
                "acme", library("acme", permissions: "{commands: [[uname]]}", facts: Self.uname), folder)
            let given = try await triage(
                ["library", "trust", "acme", "--level", "commands", "--accept-permissions", try hash("acme", folder)],
                folder)
            #expect(given.code == 0, "\(given.text)")
            let spoof = "\(folder)/acme@1.0.0/playbooks"
            try MadeUpLibrary.write(
                ["x.yaml": library("mine", permissions: "{}", facts: Self.uname)["playbooks/mine-trouble.yaml"] ?? ""],
                to: spoof)
            let script =
                "cd '\(folder)' && exec '\(InterruptionTests.binary)' run mine-trouble --playbooks acme@1.0.0/playbooks"
            let result = try await Programs.run(
                "sh", ["-c", script],
                environment: [
                    "PATH": "/usr/bin:/bin", "HOME": folder, "XDG_CONFIG_HOME": "\(folder)/config",
                    "XDG_CACHE_HOME": "\(folder)/cache",
                ])
            let text = String(decoding: result.output, as: UTF8.self) + result.error
            #expect(result.exitCode == 2 && text.contains("this playbook may not run commands"), "\(text)")
        }
    }
}
