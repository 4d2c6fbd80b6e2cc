import Foundation
import TestSupport
import Testing

@testable import Libraries

/// Newer tags of what is pinned by a tag.
@Suite struct OtherVersionsTests {
    @Test(arguments: [
        ("oci://a.example/b/c:1.0.0", "oci://a.example/b/c:2.0.0", true),
        ("oci://a.example/b/c:1.0.0", "oci://a.example/b/c", true),
        ("oci://a.example/b/c:1.0.0", "oci://a.example/b/d:1.0.0", false),
        ("oci://a.example/b/c:1.0.0", "oci://a.example:5000/b/c:1.0.0", false),
        ("git+https://a.example/b?ref=v1.0.0&path=x", "git+https://a.example/b?path=x&ref=main", true),
        ("git+https://a.example/b?path=x", "git+https://a.example/b?path=y", false),
        ("git+https://a.example/b", "git+ssh://a.example/b", false),
        ("https://a.example/1.0.0/c-1.0.0.tar.gz", "https://a.example/2.0.0/c-2.0.0.tar.gz?sha256=ab", true),
        ("https://a.example/1.0.0/c-1.0.0.tar.gz", "https://a.example/2.0.0/c-1.0.0.tar.gz", false),
        ("https://a.example/c-1.0.0.tar.gz", "https://b.example/c-2.0.0.tar.gz", false),
        ("dir:/a", "dir:/a", true), ("dir:/a", "dir:/b", false),
    ])
    func `another tag is the same place, another repository is not`(one: String, other: String, isSame: Bool) throws {
        let (first, second) = (try #require(SemanticVersion("1.0.0")), try #require(SemanticVersion("2.0.0")))
        #expect(
            try LibraryReference(one).isSamePlace(as: LibraryReference(other), first, second) == isSame)
        #expect(
            try LibraryReference(other).isSamePlace(as: LibraryReference(one), second, first) == isSame)
    }

    private func newer(_ text: String, _ version: String, _ home: LibraryHome) async throws -> String? {
        let entry = LibraryLock.Entry(
            version: try #require(SemanticVersion(version)), digest: "", source: text, transport: "", signers: [],
            permissions: "", resolvedAt: "")
        return try await home.newer(than: entry)?.description
    }

    @Test(
        .enabled(
            if: RegistryTests.tools.allSatisfy(isInstalled), "docker-registry, skopeo or ssh-keygen is not installed"))
    func `a registry's newer tags are found, and what is pinned is carried to another registry`() async throws {
        try await withRegistry { folder, host in
            let source = "\(folder)/acme"
            let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
            try #require(made.exitCode == 0, "\(made.error)")
            let home = try home(folder)
            var digests: [String] = []
            for (version, tags) in [
                ("1.9.0", ["1.9.0", "v1.9.0", "latest"]), ("1.10.0", ["1.10.0"]), ("2.0.0-rc.1", ["2.0.0-rc.1"]),
                ("3.0.0", ["3.0.0-image"]),
            ] {
                try MadeUpLibrary.write(MadeUpLibrary.files(version: version), to: source)
                _ = try LibraryPublishing.writeDigests(source)
                _ = try await LibraryPublishing.sign(
                    source, key: "\(folder)/key", environment: ProcessInfo.processInfo.environment)
                for tag in tags {
                    let target = try RegistrySource(LibraryReference("oci://\(host)/acme/library:\(tag)"))
                    digests.append(
                        try await target.push(LibraryPublishing.package(source), environment: home.environment))
                }
            }
            let place = "oci://\(host)/acme/library"
            #expect(try await newer("\(place):1.9.0", "1.9.0", home) == "\(place):1.10.0")
            #expect(try await newer("\(place):1.10.0", "1.10.0", home) == nil)
            #expect(try await newer("\(place):2.0.0-rc.0", "2.0.0-rc.0", home) == "\(place):2.0.0-rc.1")
            #expect(try await newer("\(place):2.9.0-image", "2.9.0", home) == "\(place):3.0.0-image")
            for moving in ["\(place):latest", place, "\(place)@\(digests[0])"] {
                #expect(try await newer(moving, "1.9.0", home) == nil, "\(moving)")
            }
            await expectRefusal([.notFound]) { try await newer("oci://\(host)/acme/none:1.9.0", "1.9.0", home) }
            // Where a mirror stands for the registry it is asked, and the answer is the registry's name.
            let mirrored = try LibrariesTests.home(
                folder,
                policy: """
                    apiVersion: playbooks.triage/v1
                    kind: TrustPolicy
                    mirrors: [{of: "oci://registry.example/acme/", at: "oci://\(host)/acme/"}]
                    """)
            let far = "oci://registry.example/acme/library"
            #expect(try await newer("\(far):1.9.0", "1.9.0", mirrored) == "\(far):1.10.0")

            // The pinned version, its signature too, to another place of a registry.
            let candidate = try await home.candidate(
                LibraryReference("\(place):1.10.0"), loader: MadeUpLibrary.loader)
            if case .needsConsent(let line) = candidate.admission.verdict { try home.addConsent(line) }
            try home.commit([candidate])
            let written = try await LibraryPublishing.mirror(home, to: "oci://\(host)/copies/")
            #expect(written == ["oci://\(host)/copies/acme:1.10.0@\(digests[3])"])
            let copy = try await home.candidate(
                LibraryReference("oci://\(host)/copies/acme:1.10.0"), loader: MadeUpLibrary.loader)
            #expect(copy.package.digest == candidate.package.digest)
            #expect(copy.admission.signers == candidate.admission.signers)
            #expect(copy.package.tree.paths.filter(Digests.isSignature) == ["digests.txt.sig"])
            for place in ["https://\(host)/x", "oci://\(host)/A", "git+https://\(host)/x", "oci://\(host)/a:1/b"] {
                await expectRefusal([.badReference], place) { try await LibraryPublishing.mirror(home, to: place) }
            }
            await expectRefusal([.offline]) {
                try await LibraryPublishing.mirror(
                    LibrariesTests.home(folder, isOffline: true), to: "oci://\(host)/copies")
            }
        }
    }

    @Test(.enabled(if: isInstalled("python3") && isInstalled("bash"), "python3 or bash is not installed"))
    func `tags of further pages are a registry's own`() async throws {
        try await withDirectory { folder in
            try await withMadeUpRegistry(folder) { host in
                let home = try home(folder)
                for name in ["path", "same"] {
                    let place = "oci://\(host)/acme/\(name)"
                    #expect(try await newer("\(place):1.0.0", "1.0.0", home) == "\(place):1.1.0")
                }
                await expectRefusal([.unreachable]) { try await newer("oci://\(host)/acme/other:1.0.0", "1.0.0", home) }
            }
        }
    }

    @Test(.enabled(if: isInstalled("git"), "git is not installed"))
    func `git's newer tags are found`() async throws {
        try await withDirectory { folder in
            let repository = "\(folder)/repository"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: repository)
            let commit = """
                cd '\(repository)' && git init -q -b main . && git add -A && \
                git -c user.name=a -c user.email=a@b commit -q -m one && \
                for tag in v1.0.0 v1.0.1 v1.0.2-rc.1 2.0.0 acme-3.0.0 v1 vx.y.z; do git tag $tag; done
                git -c user.name=a -c user.email=a@b tag -a -m annotated v1.0.10
                """
            try #require(try await run("sh", ["-c", commit]).exitCode == 0)
            let home = try home(folder)
            let place = "git+file://\(repository)"
            #expect(try await newer("\(place)?ref=v1.0.0", "1.0.0", home) == "\(place)?ref=v1.0.10")
            #expect(try await newer("\(place)?ref=1.0.0", "1.0.0", home) == "\(place)?ref=2.0.0")
            #expect(
                try await newer("\(place)?path=a/b&ref=acme-1.0.0", "1.0.0", home)
                    == "\(place)?path=a/b&ref=acme-3.0.0")
            #expect(try await newer("\(place)?ref=v1.0.10", "1.0.10", home) == nil)
            #expect(try await newer("\(place)?ref=main", "1.0.0", home) == nil)
            #expect(try await newer(place, "1.0.0", home) == nil)
            let offline = try LibrariesTests.home(folder, isOffline: true)
            #expect(try await newer("\(place)?ref=v1.0.0", "1.0.0", offline) == nil)
        }
    }

    @Test(.enabled(if: isInstalled("ssh-keygen"), "ssh-keygen is not installed"))
    func `signatures of what was there before are removed, and none that does not hold is published`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            let environment = ProcessInfo.processInfo.environment
            let made = try await run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
            try #require(made.exitCode == 0, "\(made.error)")
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            let file = try await LibraryPublishing.sign(source, key: "\(folder)/key", environment: environment)
            let old = try Disk.contents(of: file, limit: 1 << 16)
            try LibraryPublishing.checkSignatures(LibraryPublishing.package(source))
            // The same again keeps it.
            _ = try LibraryPublishing.writeDigests(source)
            #expect(FileManager.default.fileExists(atPath: file))
            try MadeUpLibrary.write(["README.md": "Other\n"], to: source)
            _ = try LibraryPublishing.writeDigests(source)
            #expect(!FileManager.default.fileExists(atPath: file))
            try Disk.replace(file, old)
            let push = try RegistrySource(LibraryReference("oci://127.0.0.1:1/a/b:1.0.0"))
            await expectRefusal([.badSignature]) {
                try await push.push(LibraryPublishing.package(source), environment: environment)
            }
            // What is broken changes nothing in the folder.
            let before = try Disk.contents(of: "\(source)/digests.txt", limit: 1 << 16)
            try MadeUpLibrary.write(["playbooks/broken.yaml": "a: b\n"], to: source)
            await expectRefusal([.brokenPlaybook]) {
                try LibraryPublishing.writeDigests(source) { package throws(LibraryError) in
                    _ = try package.checkedPlaybooks(MadeUpLibrary.loader)
                }
            }
            #expect(try Disk.contents(of: "\(source)/digests.txt", limit: 1 << 16) == before)
        }
    }
}
