import Foundation
import TestSupport
import Testing

@testable import Libraries

/// Logins where docker keeps them, and what Debian's registry does not have: tokens and the referrers API.
@Suite(
    .enabled(
        if: ["python3", "bash", "ssh-keygen"].allSatisfy(isInstalled), "python3, bash or ssh-keygen is not installed"))
struct RegistryLoginTests {
    private func signedPackage(_ folder: String) async throws -> LibraryPackage {
        let source = "\(folder)/acme"
        try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
        _ = try LibraryPublishing.writeDigests(source)
        let made = try await LibrariesTests.run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
        try #require(made.exitCode == 0, "\(made.error)")
        _ = try await LibraryPublishing.sign(
            source, key: "\(folder)/key", environment: ProcessInfo.processInfo.environment)
        return try LibraryPublishing.package(source)
    }

    private func requests(_ host: String) async throws -> [[String]] {
        let response = try await Web.send(Web.Request(url: "http://\(host)/requests"), environment: [:])
        return try JSONSerialization.jsonObject(with: Data(response.body)) as? [[String]] ?? []
    }

    @Test func `signatures are found by the referrers API, and no fallback tag is written`() async throws {
        try await withDirectory { folder in
            let package = try await signedPackage(folder)
            try await withMadeUpRegistry(folder) { host in
                let reference = try LibraryReference("oci://\(host)/team/acme:1.0.0")
                let digest = try await RegistrySource(reference).push(package, environment: personalEnvironment(folder))
                let fetched = try await reference.fetch(environment: personalEnvironment(folder))
                #expect(fetched.transport == digest)
                #expect(try LibraryPackage(checking: fetched.tree).digest == package.digest)
                #expect(fetched.tree.paths.filter(Digests.isSignature) == ["digests.txt.sig"])
                let all = try await requests(host)
                #expect(all.contains { $0[0] == "GET" && $0[1] == "/v2/team/acme/referrers/\(digest)" })
                #expect(!all.contains { $0[1].contains("/manifests/sha256-") }, "\(all)")
            }
        }
    }

    @Test func `a token is asked for with docker's login, first to pull and then to push`() async throws {
        try await withDirectory { folder in
            let package = try await signedPackage(folder)
            try await withMadeUpRegistry(folder, wantsToken: true) { host in
                let reference = try LibraryReference("oci://\(host)/team/acme:1.0.0")
                let environment = personalEnvironment(folder)
                await expectRefusal([.unauthorized], "no login") {
                    try await RegistrySource(reference).push(package, environment: environment)
                }
                try Disk.replace(
                    "\(folder)/.docker/config.json",
                    Array(
                        #"{"auths": {"\#(host)": {"auth": "\#(Data("ada:wrong".utf8).base64EncodedString())"}}}"#.utf8))
                await expectRefusal([.unauthorized], "a wrong login") {
                    try await RegistrySource(reference).push(package, environment: environment)
                }
                try Disk.replace(
                    "\(folder)/.docker/config.json",
                    Array(
                        #"{"auths": {"\#(host)": {"auth": "\#(Data("ada:secret".utf8).base64EncodedString())"}}}"#.utf8)
                )
                let digest = try await RegistrySource(reference).push(package, environment: environment)
                #expect(try await reference.fetch(environment: environment).transport == digest)
                let all = try await requests(host)
                #expect(
                    all.contains { $0[1].hasPrefix("/token?") && $0[1].hasSuffix(":pull,push") && $0[2] == "Basic" })
                // The password goes to the one who asks for tokens, and nowhere else.
                #expect(!all.contains { $0[1].hasPrefix("/v2/") && $0[2] == "Basic" })
            }
        }
    }

    @Test func `a login is bound to its host`() async throws {
        try await withDirectory { folder in
            let package = try await signedPackage(folder)
            try await withMadeUpRegistry(folder, wantsToken: true) { host in
                try Disk.replace(
                    "\(folder)/.docker/config.json",
                    Array(
                        #"{"auths": {"127.0.0.1:1": {"auth": "\#(Data("ada:secret".utf8).base64EncodedString())"}}}"#
                            .utf8))
                await expectRefusal([.unauthorized]) {
                    try await RegistrySource(LibraryReference("oci://\(host)/team/acme:1.0.0")).push(
                        package, environment: personalEnvironment(folder))
                }
                #expect(try await !requests(host).contains { $0[2] == "Basic" })
            }
        }
    }

    @Test(
        .enabled(
            if: ["docker-registry", "htpasswd", "skopeo"].allSatisfy(isInstalled) && InterruptionTests.isBuilt,
            "docker-registry, htpasswd or skopeo is not installed, or the command triage not built"))
    func `the life of a library by its commands, against docker-registry with a credential helper`() async throws {
        try await withDirectory { folder in
            let port = try await unusedPort()
            let host = "127.0.0.1:\(port)"
            let users = try await LibrariesTests.run("htpasswd", ["-Bbn", "ada", "secret"])
            try Disk.replace("\(folder)/users", users.output)
            let configuration = """
                version: 0.1
                log: {level: error}
                storage: {filesystem: {rootdirectory: \(folder)/registry}}
                auth: {htpasswd: {realm: made-up, path: \(folder)/users}}
                http: {addr: "\(host)"}
                """
            try Disk.replace("\(folder)/registry.yml", Array(configuration.utf8))
            try await withProcess(
                "/usr/bin/docker-registry", ["serve", "\(folder)/registry.yml"], ready: listens(port)
            ) {
                try await live(folder, host)
            }
        }
    }

    private func triage(_ arguments: [String], _ folder: String) async throws -> (code: Int32, text: String) {
        let result = try await Programs.run(
            InterruptionTests.binary, ["library"] + arguments, environment: personalEnvironment(folder))
        return (result.exitCode, String(decoding: result.output, as: UTF8.self) + result.error)
    }

    private func expect(
        _ arguments: [String], _ code: Int32, _ words: String, _ folder: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let result = try await triage(arguments, folder)
        #expect(
            result.code == code && (words.isEmpty || result.text.contains(words)), "\(arguments): \(result.text)",
            sourceLocation: sourceLocation)
    }

    private func live(_ folder: String, _ host: String) async throws {
        let source = "\(folder)/acme"
        let target = "oci://\(host)/team/acme"
        try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
        let made = try await LibrariesTests.run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
        try #require(made.exitCode == 0)
        try await expect(["package", source, "-o", "\(folder)/acme.tar.gz"], 0, "acme 1.0.0 sha256:", folder)
        try await expect(["sign", source, "--key", "\(folder)/key"], 0, "digests.txt.sig", folder)
        try await expect(["verify", source], 0, "signed by SHA256:", folder)
        try await expect(["push", source, "\(target):stable"], 3, "wants a login", folder)
        // The helper is asked by name, with the host on its standard input; nothing is in the file itself.
        let helper = #"""
            #!/bin/sh
            [ "$1" = get ] && [ "$(cat)" = "\#(host)" ] || exit 1
            echo '{"ServerURL": "\#(host)", "Username": "ada", "Secret": "secret"}'
            """#
        try Disk.replace("\(folder)/bin/docker-credential-made-up", Array(helper.utf8))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o755], ofItemAtPath: "\(folder)/bin/docker-credential-made-up")
        try Disk.replace("\(folder)/.docker/config.json", Array(#"{"credHelpers": {"\#(host)": "made-up"}}"#.utf8))
        try await expect(["push", source, "\(target):stable"], 0, "sha256:", folder)
        try await expect(["add", "\(target):stable"], 3, "--accept-permissions sha256:", folder)
        let package = try LibraryPublishing.package(source)
        let hash = package.manifest.permissions.hash
        try await expect(["add", "\(target):stable", "--accept-permissions", hash], 0, package.digest, folder)
        try await expect(["list"], 0, "acme 1.0.0  read-only  \(target):stable", folder)
        try await expect(["outdated"], 0, "", folder)
        try await expect(["pull", "\(target):stable", "-o", "\(folder)/pulled.tar.gz"], 0, package.digest, folder)
        // The next version under the same floating tag.
        try MadeUpLibrary.write(
            MadeUpLibrary.files(version: "1.1.0", playbooks: ["some-trouble", "new-trouble"]), to: source)
        try FileManager.default.removeItem(atPath: "\(source)/digests.txt.sig")
        try await expect(["package", source], 0, "acme 1.1.0", folder)
        try await expect(["sign", source, "--key", "\(folder)/key"], 0, "", folder)
        try await expect(["push", source, "\(target):stable"], 0, "", folder)
        try await expect(["outdated"], 1, "acme 1.0.0 -> 1.1.0", folder)
        try await expect(["update"], 3, "+ playbook new-trouble", folder)
        try await expect(["update", "--locked"], 0, package.digest, folder)
        try await expect(["update", "--yes"], 0, "acme 1.1.0", folder)
        try await expect(["verify"], 0, "acme 1.1.0", folder)
        try await expect(["rollback"], 0, "acme 1.0.0", folder)
        // Without its cache the old one comes back, by its manifest's digest, though the tag has moved on.
        try FileManager.default.removeItem(atPath: "\(folder)/cache/triage/libraries/objects")
        try await expect(["verify"], 3, "not in the cache", folder)
        try await expect(["update", "--locked", "--offline"], 3, "--offline", folder)
        try await expect(["update", "--locked"], 0, package.digest, folder)
        try await mirror(folder, host, package)
        try await expect(["remove", "acme"], 0, "", folder)
        try await expect(["list"], 0, "", folder)
        try await expect(["update", "acme"], 3, "there is no library", folder)
    }

    private func mirror(_ folder: String, _ host: String, _ package: LibraryPackage) async throws {
        try await expect(["mirror", "--to", "\(folder)/mirror"], 0, "acme-1.0.0.tar.gz", folder)
        try await expect(["mirror", "--to", "oci:\(folder)/layout"], 0, "layout:acme-1.0.0", folder)
        // Over the gap: the folder and its lock alone, on a machine that reaches nothing.
        try FileManager.default.removeItem(atPath: "\(folder)/cache/triage/libraries/objects")
        try await expect(
            ["update", "--locked", "--offline", "--from", "\(folder)/mirror"], 0, package.digest, folder)
        // Or the layout, carried by skopeo into a registry that has never seen it: same digest, signatures too.
        let digest = try LibraryArtifact(package).digest
        let tag = LibraryArtifact.fallbackTag(of: digest)
        let credentials = "--dest-creds ada:secret --dest-tls-verify=false"
        let script = """
            set -e
            skopeo copy -q \(credentials) oci:\(folder)/layout:acme-1.0.0 docker://\(host)/far/acme:1.0.0
            skopeo copy -q --all \(credentials) oci:\(folder)/layout:\(tag) docker://\(host)/far/acme:\(tag)
            skopeo inspect --raw --creds ada:secret --tls-verify=false docker://\(host)/far/acme:1.0.0 | sha256sum
            """
        let copied = try await LibrariesTests.run("bash", ["-c", script])
        #expect(copied.exitCode == 0, "\(copied.error)")
        #expect("sha256:" + String(decoding: copied.output.prefix(64), as: UTF8.self) == digest)
        let fetched = try await LibraryReference("oci://\(host)/far/acme:1.0.0").fetch(
            environment: personalEnvironment(folder))
        #expect(try LibraryPackage(checking: fetched.tree).digest == package.digest)
        #expect(fetched.tree.paths.contains(where: Digests.isSignature))
    }
}
