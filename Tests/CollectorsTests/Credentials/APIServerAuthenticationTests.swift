import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct APIServerAuthenticationTests {
    private func collect(_ files: [String: String]) async throws -> Observation {
        try await APIServerAuthenticationCollector().collect(
            ["manifest": .string(APIServerAuthenticationCollector.manifest)],
            in: surroundings(MadeUpWorld(files: files)))
    }

    private static let process = [
        "/proc/1/cmdline": "/sbin/init\0",
        "/proc/9/cmdline": "/usr/bin/kube-apiserver\0--service-account-issuer=https://a\0--anonymous-auth=false\0",
    ]

    @Test func `the static pod's flags`() async throws {
        let manifest = """
            spec:
              containers:
              - command: [kube-apiserver, --service-account-issuer=https://b, "--api-audiences=x,y"]
            """
        let seen = try await collect(
            Self.process.merging([APIServerAuthenticationCollector.manifest: manifest]) { $1 })
        #expect(seen.value[field: "serviceAccountIssuers"]?.elements?.compactMap(\.text) == ["https://b"])
        #expect(seen.value[field: "apiAudiences"]?.elements?.compactMap(\.text) == ["x", "y"])
        #expect(seen.source == APIServerAuthenticationCollector.manifest)
    }

    @Test func `without one those of the process`() async throws {
        let seen = try await collect(Self.process)
        #expect(seen.value[field: "serviceAccountIssuers"]?.elements?.compactMap(\.text) == ["https://a"])
        #expect(seen.value.flag("anonymousAuth") == false)
        #expect(seen.source == "/proc/9/cmdline")
    }

    @Test func `without either it is not known, and said where it would be`() async {
        await #expect(throws: Unknown.self) { try await collect(["/proc/1/cmdline": "/sbin/init\0"]) }
    }
}
