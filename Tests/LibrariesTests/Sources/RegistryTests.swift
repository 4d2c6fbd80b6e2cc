import Foundation
import TestSupport
import Testing

@testable import Libraries

/// Against Debian's registry, started here; it has no referrers API, so that the fallback tag is what is tried.
@Suite struct RegistryTests {
    static let tools = ["docker-registry", "skopeo", "ssh-keygen", "bash"]

    @Test(.enabled(if: tools.allSatisfy(isInstalled), "docker-registry, skopeo, ssh-keygen or bash is not installed"))
    func `what is pushed is pulled with its signatures, also after skopeo carried it over a gap`() async throws {
        try await withRegistry { folder, host in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            _ = try LibraryPublishing.writeDigests(source)
            let made = try await LibrariesTests.run(
                "ssh-keygen", ["-q", "-N", "", "-t", "ed25519", "-f", "\(folder)/key"])
            #expect(made.exitCode == 0)
            _ = try await LibraryPublishing.sign(
                source, key: "\(folder)/key", environment: ProcessInfo.processInfo.environment)
            let package = try LibraryPublishing.package(source)
            let home = try home(folder)
            let reference = try LibraryReference("oci://\(host)/acme/library:1.0.0")
            let digest = try await RegistrySource(reference).push(package, environment: home.environment)
            let candidate = try await home.candidate(reference, loader: MadeUpLibrary.loader)
            #expect(candidate.package.digest == package.digest)
            #expect(candidate.transport == digest)
            #expect(candidate.admission.signers.count == 1)
            // The same again changes nothing; other content under the same version is refused.
            #expect(try await RegistrySource(reference).push(package, environment: home.environment) == digest)
            try MadeUpLibrary.write(["README.md": "Other\n"], to: source)
            try FileManager.default.removeItem(atPath: "\(source)/digests.txt.sig")
            let other = try LibraryPublishing.writeDigests(source)
            await expectRefusal([.versionChanged]) {
                try await RegistrySource(reference).push(other, environment: home.environment)
            }
            // To a layout on disk and back to another repository.
            let script = """
                set -e
                skopeo copy -q --src-tls-verify=false docker://\(host)/acme/library:1.0.0 oci:\(folder)/layout:1.0.0
                skopeo copy -q --dest-tls-verify=false oci:\(folder)/layout:1.0.0 docker://\(host)/copy/library:1.0.0
                skopeo inspect --raw --tls-verify=false docker://\(host)/copy/library:1.0.0 | sha256sum
                """
            let copied = try await LibrariesTests.run("bash", ["-c", script])
            #expect(copied.exitCode == 0, "\(copied.error)")
            #expect("sha256:" + String(decoding: copied.output.prefix(64), as: UTF8.self) == digest)
            let copy = try await home.candidate(
                LibraryReference("oci://\(host)/copy/library:1.0.0"), loader: MadeUpLibrary.loader)
            #expect(copy.package.digest == package.digest)
        }
    }

    @Test(arguments: [
        "oci://host", "oci://host/UPPER:1", "oci://host/a:b:c@x", "oci://host/a@sha256:12", "oci://ho st/a",
        "oci://host/../a:1",
    ])
    func `what names no repository is refused`(text: String) async {
        await expectRefusal([.badReference]) { try RegistrySource(LibraryReference(text)) }
    }
}
