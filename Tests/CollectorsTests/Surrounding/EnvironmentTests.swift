import CEL
import Facts
import Testing

@testable import Collectors

@Suite struct `The environment` {
    @Test(
        arguments: [
            (["GITHUB_ACTIONS": "true"], "github"), (["GITLAB_CI": "true"], "gitlab"),
            (["JENKINS_URL": "http://j"], "jenkins"),
            (["CI": "true"], "other"), ([:], nil), (["CI": "false"], nil),
        ] as [([String: String], String?)])
    func `a CI system is known by its variable`(variables: [String: String], system: String?) async throws {
        let fact = try await collect(EnvironmentCollector(), in: surroundings(environment: variables))
        #expect(fact.flag("isCI") == (system != nil))
        #expect(fact.text("ciSystem") == system)
    }

    @Test func `sudo's caller keeps a kubeconfig of their own`() async throws {
        let fact = try await collect(
            EnvironmentCollector(),
            in: surroundings(
                files: [
                    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/srv/ann:/bin/sh\n",
                    "/srv/ann/.kube/config": "x", "/proc/self/status": "Name:\tx\nUid:\t0\t0\t0\t0\n",
                ], environment: ["SUDO_USER": "ann", "SECRET": "s3cr3t"]))
        #expect(fact.text("kubeconfigOfSudoUser") == "/srv/ann/.kube/config")
        #expect(fact.flag("isRoot") == true)
        #expect(fact.texts("variables") == ["SECRET", "SUDO_USER"])
        #expect(!"\(fact)".contains("s3cr3t"))
    }

    @Test(arguments: [
        ["/.dockerenv": ""], ["/run/.containerenv": ""],
        ["/proc/1/comm": "nginx\n", "/proc/version": "Linux version 6.1.0"],
    ])
    func `a container is known by its files`(files: [String: String]) async throws {
        let fact = try await collect(EnvironmentCollector(), in: surroundings(files: files))
        #expect(fact.flag("inContainer") == true)
        #expect(fact.flag("inPod") == false)
    }

    @Test func `a pod without a token is told`() async throws {
        let pod = ["KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"]
        let fact = try await collect(PodServiceAccountCollector(), in: surroundings(environment: pod))
        #expect(fact.flag("tokenMounted") == false)
        #expect(fact.text("tokenProblem") == "missing")
        await #expect(throws: Unknown.self) {
            _ = try await PodServiceAccountCollector().collect([:], in: surroundings())
        }
    }

    @Test func `a pod's token takes the place of a missing kubeconfig`() async throws {
        let pod = ["KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"]
        let folder = PodServiceAccount.directory
        let surroundings = surroundings(
            files: [folder + "/token": BearerTokenTokens.jwt, folder + "/namespace": "ns\n"], environment: pod)
        let kubeconfig = try await collect(KubeconfigCollector(), in: surroundings)
        #expect(kubeconfig.flag("fallsBackToInCluster") == true)
        #expect(kubeconfig.flag("defaultsToLocalhost8080") == false)
        let access = try await ServerAccess.authenticated(in: surroundings)
        #expect(access.url == "https://[fd00::1]:443")
        guard case .bearer = access.credential else {
            Issue.record("no bearer token")
            return
        }
        let fact = try await collect(PodServiceAccountCollector(), in: surroundings)
        #expect(fact.text("token.claims.subject") == "jo")
        #expect(fact.text("namespace") == "ns")
    }
}

enum BearerTokenTokens { static let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqbyIsImV4cCI6MTc5NTQ3OTAwMH0.c2ln" }

@Suite struct `The pasted text` {
    @Test func `loses colours and carriage returns, keeps lines`() async throws {
        var surroundings = surroundings()
        surroundings.text = "\u{1B}[31mred\u{1B}[0m\r\nnext\u{1B}]0;title\u{07}\rlast\u{9B}1m!\0"
        let fact = try await collect(TextCollector(), in: surroundings)
        #expect(fact.texts("lines") == ["red", "next", "last!"])
        #expect(fact.flag("given") == true)
    }

    @Test func `none is told as none`() async throws {
        let fact = try await collect(TextCollector(), in: surroundings())
        #expect(fact.flag("given") == false)
        #expect(fact.texts("lines") == [])
    }
}
