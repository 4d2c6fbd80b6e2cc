import Foundation
import Testing

@testable import Libraries

/// Mirrors, images, and signatures that come later, against Debian's registry.
@Suite(.enabled(if: RegistryTests.tools.allSatisfy(isInstalled), "docker-registry, skopeo or ssh-keygen is not there"))
struct RegistryFormsTests {
    private static let reference = "oci://registry.example/acme/library:1.0.0"

    /// A packaged folder, signed with a new key.
    private func publish(_ folder: String) async throws -> String {
        let source = "\(folder)/acme"
        try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
        _ = try LibraryPublishing.writeDigests(source)
        try await sign(source, "\(folder)/key")
        return source
    }

    private func sign(_ source: String, _ key: String) async throws {
        let made = try await LibrariesTests.run("ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", key])
        try #require(made.exitCode == 0, "\(made.error)")
        _ = try await LibraryPublishing.sign(source, key: key, environment: ProcessInfo.processInfo.environment)
    }

    @discardableResult
    private func push(_ source: String, _ reference: String, _ home: LibraryHome) async throws -> String {
        try await RegistrySource(LibraryReference(reference)).push(
            LibraryPublishing.package(source), environment: home.environment)
    }

    private func policy(_ more: String) -> String {
        "apiVersion: playbooks.triage/v1\nkind: TrustPolicy\n\(more)\n"
    }

    @Test func `a mirror is where to look, and the source stays what it is`() async throws {
        try await withRegistry { folder, host in
            let source = try await publish(folder)
            let digest = try await push(source, "oci://\(host)/copies/library:1.0.0", home(folder))
            let rule = """
                mirrors: [{of: "oci://registry.example/acme/", at: "oci://\(host)/copies/"}]
                sources: [{match: "oci://registry.example/acme/*", name: "acme", level: commands}]
                """
            let mirrored = try home(folder, policy: policy(rule))
            let candidate = try await mirrored.candidate(
                LibraryReference(Self.reference), loader: MadeUpLibrary.loader)
            #expect(candidate.source == Self.reference)
            #expect(candidate.transport == digest)
            if case .needsConsent(let line) = candidate.admission.verdict {
                #expect(line.contains(" oci://registry.example/acme/library "))
                try mirrored.addConsent(line)
            }
            try mirrored.commit([candidate])
            // The lock names the origin; what it pins is fetched from the mirror, too.
            let entry = try #require(try mirrored.store.lock().entries["acme"])
            #expect(entry.source == Self.reference)
            try FileManager.default.removeItem(atPath: "\(folder)/cache/triage/libraries/objects")
            let again = try await home(folder).candidate(
                LibraryReference(entry.source), pinned: entry, loader: MadeUpLibrary.loader)
            #expect(again.package.digest == entry.digest)
            // What the mirror does not have is not asked for anywhere else, and it is said who was asked.
            await #expect {
                _ = try await home(folder).candidate(
                    LibraryReference("oci://registry.example/acme/other:1.0.0"), loader: MadeUpLibrary.loader)
            } throws: { error in
                let error = error as? LibraryError
                return error?.code == .notFound && error?.message.contains(host) == true
                    && error?.hint.contains("oci://registry.example/acme/other:1.0.0") == true
            }
        }
    }

    @Test(arguments: [
        ("oci://r.example/acme/", "oci://m.example/x/", "oci://r.example/acme/a:1", "oci://m.example/x/a:1"),
        ("oci://r.example/acme", "oci://m.example/x", "oci://r.example/acme:1", "oci://m.example/x:1"),
        ("oci://r.example/acme", "oci://m.example/x", "oci://r.example/acme-evil:1", "oci://r.example/acme-evil:1"),
        ("oci://r.example", "oci://m.example", "oci://r.example/a:1", "oci://m.example/a:1"),
        ("oci://r.example", "oci://m.example", "oci://r.example:5000/a:1", "oci://r.example:5000/a:1"),
        ("oci://r.example", "oci://m.example", "oci://r.example.evil/a:1", "oci://r.example.evil/a:1"),
        (
            "git+https://g.example/t/", "git+ssh://git@m.example/t/", "git+https://g.example/t/a?path=b&ref=v1",
            "git+ssh://git@m.example/t/a?path=b&ref=v1"
        ),
    ])
    func `a mirror stands for what begins like it, by whole parts`(
        origin: String, place: String, reference: String, wanted: String
    ) throws {
        var trust = TrustPolicy()
        try trust.add(Array(policy("mirrors: [{of: '\(origin)', at: '\(place)'}]").utf8), "trust.yaml")
        #expect(try trust.place(of: LibraryReference(reference)).description == wanted)
    }

    @Test(arguments: [
        ("oci://r.example/a/", "https://m.example/a/"), ("oci://r.example/a/", "oci://m.example/a"),
        ("oci://r.example/a/", "oci://m.example/../"), ("ftp://r.example/", "ftp://m.example/"),
        ("https://r.example/", "https://m.example/?x=1/"),
    ])
    func `what cannot mirror is refused when the policy is read`(origin: String, place: String) async {
        await expectRefusal([.malformedPolicy], "\(origin) \(place)") {
            var trust = TrustPolicy()
            try trust.add(Array(policy("mirrors: [{of: '\(origin)', at: '\(place)'}]").utf8), "trust.yaml")
        }
    }

    @Test func `as an image it is what container tools take, and pulled again it is the same library`() async throws {
        try await withRegistry { folder, host in
            let source = try await publish(folder)
            let package = try LibraryPublishing.package(source)
            let home = try home(folder)
            let reference = try LibraryReference("oci://\(host)/acme/library:1.0.0-image")
            let digest = try await RegistrySource(reference).pushImage(package, environment: home.environment)
            #expect(try await RegistrySource(reference).pushImage(package, environment: home.environment) == digest)
            // Tools that know nothing of triage read it, copy it, and unpack what a person can verify.
            let script = """
                set -e
                at=docker://\(host)/acme/library:1.0.0-image
                for arch in amd64 arm64; do
                  skopeo inspect --tls-verify=false --override-os linux --override-arch $arch $at
                done
                skopeo copy -q --all --src-tls-verify=false $at oci:\(folder)/layout:x
                skopeo copy -q --all --dest-tls-verify=false oci:\(folder)/layout:x docker://\(host)/copy/library:1
                skopeo inspect --raw --tls-verify=false docker://\(host)/copy/library:1 | sha256sum
                mkdir \(folder)/mounted; cd \(folder)/mounted
                for blob in \(folder)/layout/blobs/sha256/*; do tar -xzf $blob 2>/dev/null || true; done
                sha256sum --quiet -c digests.txt
                ssh-keygen -q -Y check-novalidate -n triage-library -s digests.txt.sig < digests.txt
                """
            let result = try await LibrariesTests.run("bash", ["-c", script])
            let output = String(decoding: result.output, as: UTF8.self)
            #expect(result.exitCode == 0, "\(output) \(result.error)")
            #expect(output.contains("\"Architecture\": \"arm64\"") && output.contains("\"Architecture\": \"amd64\""))
            #expect(output.contains("\"org.opencontainers.image.title\": \"acme\""))
            #expect(output.contains(digest.dropFirst(7)))
            for place in ["acme/library:1.0.0-image", "copy/library:1"] {
                let candidate = try await home.candidate(
                    LibraryReference("oci://\(host)/\(place)"), loader: MadeUpLibrary.loader)
                #expect(candidate.package.digest == package.digest && candidate.transport == digest)
                #expect(candidate.admission.signers.count == 1)
            }
            // A version that is there stays what it is, in this form too.
            try await sign(source, "\(folder)/other")
            await expectRefusal([.versionChanged]) {
                try await RegistrySource(reference).pushImage(
                    LibraryPublishing.package(source), environment: home.environment)
            }
        }
    }

    @Test func `signatures that were added since are fetched where the policy wants more of them`() async throws {
        try await withRegistry { folder, host in
            let source = try await publish(folder)
            let text = "oci://\(host)/acme/library:1.0.0"
            let first = try home(folder)
            try await push(source, text, first)
            let candidate = try await first.candidate(LibraryReference(text), loader: MadeUpLibrary.loader)
            try first.commit([candidate])
            let entry = try #require(try first.store.lock().entries["acme"])
            try await sign(source, "\(folder)/other")
            let keys = try LibraryPublishing.package(source).tree.contents.filter { Digests.isSignature($0.key) }
                .map { try SSHSignature(armored: $0.value).key.fingerprint }
            let signers = "{any: ['\(keys.joined(separator: "', '"))'], count: 2}"
            let rule = "sources: [{match: '*', name: '*', signers: \(signers)}]"
            let strict = try home(folder, policy: policy(rule))
            // Nobody has pushed the second yet.
            await expectRefusal([.untrusted], "too few") {
                try await strict.candidate(LibraryReference(text), pinned: entry, loader: MadeUpLibrary.loader)
            }
            try await push(source, text, first)
            await expectRefusal([.untrusted], "offline") {
                try await home(folder, isOffline: true).candidate(
                    LibraryReference(text), pinned: entry, loader: MadeUpLibrary.loader)
            }
            #expect(strict.inForce().errors.map(\.code) == [.untrusted])
            let fresh = try await strict.candidate(
                LibraryReference(text), pinned: entry, loader: MadeUpLibrary.loader)
            #expect(fresh.admission.signers.count == 2 && fresh.package.digest == entry.digest)
            try strict.commit([fresh])
            #expect(strict.inForce().libraries.count == 1)
        }
    }
}
