import Foundation
import TestSupport
import Testing

@testable import Libraries

/// Archives from a file server that speaks TLS, started here.
@Suite struct ArchiveSourceTests {
    static let tools = ["nginx", "openssl", "bash"]

    private func withServer(_ body: (_ folder: String, _ url: String) async throws -> Void) async throws {
        try await withDirectory { folder in
            let port = try await unusedPort()
            let configuration = """
                user root;
                daemon off; master_process off; pid \(folder)/nginx.pid; error_log \(folder)/error.log; events {}
                http {
                    access_log off;
                    server {
                        listen 127.0.0.1:\(port) ssl; root \(folder)/www;
                        ssl_certificate \(folder)/cert.pem; ssl_certificate_key \(folder)/key.pem;
                        location /login { default_type text/html; return 200 "<html>who are you?</html>"; }
                        location /moved { return 302 https://localhost:\(port)/acme.tar.gz; }
                        location /plain { return 302 http://example.org/acme.tar.gz; }
                        location /round { return 302 https://localhost:\(port)/round; }
                        location /closed { return 403; }
                    }
                }
                """
            try Disk.replace("\(folder)/nginx.conf", Array(configuration.utf8))
            let made = try await LibrariesTests.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "\(folder)/key.pem",
                    "-out", "\(folder)/cert.pem",
                ])
            try #require(made.exitCode == 0, "\(made.error)")
            try Disk.makeDirectory("\(folder)/www")
            try await withProcess(
                "/usr/sbin/nginx", ["-c", "\(folder)/nginx.conf", "-e", "\(folder)/error.log"], ready: listens(port)
            ) {
                try await body(folder, "https://localhost:\(port)")
            }
        }
    }

    private func fetch(_ url: String, _ folder: String, certificate: String = "cert.pem") async throws -> FetchedTree {
        var environment = ProcessInfo.processInfo.environment
        environment["SSL_CERT_FILE"] = "\(folder)/\(certificate)"
        return try await LibraryReference(url).fetch(environment: environment)
    }

    @Test(
        .enabled(
            if: tools.allSatisfy(isInstalled) && isInstalled("id") && getuid() == 0,
            "nginx, openssl or bash is not installed, or this is not root"))
    func `an archive is fetched over TLS, through a redirect, and refused for every fault`() async throws {
        try await withServer { folder, url in
            let tree = try MadeUpLibrary.tree(MadeUpLibrary.files())
            let packed = try Tar.packed(tree)
            try Disk.replace("\(folder)/www/acme.tar.gz", packed)
            try Disk.replace("\(folder)/www/half.tar.gz", Array(packed.prefix(packed.count / 2)))
            try Disk.replace("\(folder)/www/large.tar.gz", [UInt8](repeating: 1, count: Tar.mostPacked + 1))
            #expect(try await fetch("\(url)/acme.tar.gz", folder).tree == tree)
            #expect(try await fetch("\(url)/acme.tar.gz?sha256=\(sha256(packed))", folder).tree == tree)
            #expect(try await fetch("\(url)/moved", folder).tree == tree)
            let zeros = String(repeating: "0", count: 64)
            let faults: [(path: String, code: LibraryError.Code)] = [
                ("acme.tar.gz?sha256=\(zeros)", .digestMismatch), ("half.tar.gz", .malformedArchive),
                ("large.tar.gz", .tooLarge), ("login", .unauthorized), ("closed", .unauthorized),
                ("missing.tar.gz", .notFound), ("plain", .unreachable), ("round", .unreachable),
            ]
            for (path, code) in faults {
                await expectRefusal([code], path) { try await fetch("\(url)/\(path)", folder) }
            }
            // Another authority than the server's own.
            let other = try await LibrariesTests.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                    "-subj", "/CN=other", "-keyout", "/dev/null", "-out", "\(folder)/other.pem",
                ])
            try #require(other.exitCode == 0)
            await expectRefusal([.unreachable], "another authority") {
                try await fetch("\(url)/acme.tar.gz", folder, certificate: "other.pem")
            }
        }
    }
}
