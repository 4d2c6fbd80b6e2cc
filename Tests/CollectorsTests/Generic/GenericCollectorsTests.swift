import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

@Suite struct ParserTests {
    private func read(_ text: String, _ parser: String, pattern: String? = nil) throws -> Value {
        var parameters: [String: Value] = ["parser": .string(parser)]
        if let pattern { parameters["pattern"] = .string(pattern) }
        return try Parser.read(Array(text.utf8), parameters, what: "it")
    }

    @Test func `text is the default`() throws {
        #expect(try Parser.read([120, 10], [:], what: "it").text == "x\n")
    }

    @Test func `lines, with empty ones in between`() throws {
        #expect(try read("a\n\nb\r\n", "lines").elements?.compactMap(\.text) == ["a", "", "b"])
        #expect(try read("", "lines").elements?.isEmpty == true)
    }

    @Test func `json and yaml are their values`() throws {
        #expect(try read(#"{"a":[1]}"#, "json").at("a.0")?.number == 1)
        #expect(try read("a: [0o17, on]\n1: x\n", "yaml").at("a.0")?.number == 15)
        #expect(try read("a: [0o17, on]\n", "yaml").text("a.1") == "on")
        #expect(try read("--- 1\n--- 2\n", "yaml").elements?.compactMap(\.number) == [1, 2])
    }

    @Test func `regex gives the named groups of each line that matches`() throws {
        let found = try read("x=1\nnothing\ny=\n", "regex", pattern: #"(?P<name>\w)=(?P<value>\d)?"#)
        #expect(found.elements?.count == 2)
        #expect(found.text("0.value") == "1")
        #expect(found.text("1.name") == "y")
        #expect(found.at("1.value") == nil)
    }

    @Test func `a table as kubectl prints it`() throws {
        let table = try read(
            """
            NAME    READY   STATUS             LAST SEEN
            web-1   1/1     Running            2m
            web-2   0/1     ImagePullBackOff   3 days
            web-3           Pending
            """, "table")
        #expect(table.elements?.count == 3)
        #expect(table.text("1.STATUS") == "ImagePullBackOff")
        #expect(table.text("1.LAST SEEN") == "3 days")
        #expect(table.text("2.READY") == "")
    }

    @Test(arguments: [("{", "json"), ("a: [", "yaml"), ("x", "regex"), ("x", "xml")])
    func `what cannot be read is malformed`(text: String, parser: String) async {
        #expect(await reason { _ = try read(text, parser) } == .malformed)
    }

    @Test func `a pattern that is none is malformed`() async {
        #expect(await reason { _ = try read("x", "regex", pattern: "(") } == .malformed)
    }
}

@Suite struct GenericCollectorsTests {
    private func allowed(_ effects: any Effects) -> Surroundings {
        Surroundings(now: recordedAt, effects: effects, permissions: .all)
    }

    private func output(_ text: String, error: String = "", code: Int32 = 0) -> CommandOutput {
        CommandOutput(exitCode: code, standardOutput: Array(text.utf8), standardError: Array(error.utf8))
    }

    @Test func `a command runs only where the playbook is allowed to`() async throws {
        let parameters: [String: Value] = ["run": .list([.string("uname"), .string("-r")])]
        let effects = MadeUpWorld(commands: ["uname -r": output("6.1\n", error: "w", code: 3)])
        let refused = PermissionTests.guarded(Surroundings(now: recordedAt, effects: effects), "command", parameters)
        #expect(await reason { _ = try await CommandCollector().collect(parameters, in: refused) } == .notAllowed)
        let observation = try await CommandCollector().collect(parameters, in: allowed(effects))
        #expect(observation.value.text("output") == "6.1\n")
        #expect(observation.value.number("exitCode") == 3)
        #expect(observation.value.text("error") == "w")
        #expect(observation.source == "uname -r")
    }

    @Test func `output that the parser cannot read is unknown, the exit code is not`() async throws {
        let effects = MadeUpWorld(commands: ["x": output("no json")])
        let fact = try await CommandCollector().collect(
            ["run": .list([.string("x")]), "parser": .string("json")], in: allowed(effects)
        ).value
        #expect(fact.reason("output") == "malformed")
        #expect(fact.number("exitCode") == 0)
    }

    @Test func `secrets are taken out of output and arguments`() async throws {
        let effects = MadeUpWorld(commands: ["x --token s3cr3tvalue": output("password: hunter2hunter2\n")])
        let observation = try await CommandCollector().collect(
            ["run": .list([.string("x"), .string("--password=hunter2hunter2")])],
            in: allowed(MadeUpWorld(commands: ["x --password=hunter2hunter2": effects.commands.values.first!])))
        #expect(!"\(observation)".contains("hunter2"))
    }

    @Test func `a file's content, its absence, and what may not be read`() async throws {
        let here = surroundings(MadeUpWorld(files: ["/root/a.json": #"{"a":1}"#]))
        let fact = try await FileCollector().collect(
            ["path": .string("~/a.json"), "parser": .string("json")], in: here
        ).value
        #expect(fact.flag("exists") == true)
        #expect(fact.number("content.a") == 1)
        #expect(fact.text("mode") == "600")
        let none = try await FileCollector().collect(["path": .string("/none")], in: here).value
        #expect(none.flag("exists") == false)
        #expect(none.at("content") == nil)
        #expect(await reason { _ = try await FileCollector().collect(["path": .string("a")], in: here) } == .malformed)
    }

    @Test func `http asks only where the playbook is allowed to, and shows no cookie`() async throws {
        try await withLoopbackServer { _ in
            .init(200, #"{"a":1}"#, headers: [("Set-Cookie", "s3cr3t"), ("X-A", "b")])
        } body: { server in
            let parameters: [String: Value] = ["url": .string(server.url), "parser": .string("json")]
            let refused = PermissionTests.guarded(surroundings(), "http", parameters)
            #expect(await reason { _ = try await HTTPCollector().collect(parameters, in: refused) } == .notAllowed)
            #expect(server.requests.isEmpty)
            let fact = try await HTTPCollector().collect(parameters, in: allowed(world)).value
            #expect(fact.number("status") == 200)
            #expect(fact.number("body.a") == 1)
            #expect(fact.text("headers.x-a") == "b")
            #expect(!"\(fact)".contains("s3cr3t"))
        }
    }

    @Test func `http goes through the environment's proxy, and reaches loopback without it`() async throws {
        let identity = try TestAuthority().issue("web", names: ["web.example"])
        try await withLoopbackServer(tls: identity.serverTLS) { _ in
            .init(200, "hello")
        } body: { server in
            try await withTunnelProxy(to: server.port) { proxy in
                let parameters: [String: Value] = [
                    "url": .string("https://web.example:8443/x"), "skipVerification": .bool(true),
                ]
                var here = allowed(world)
                here.environment = ["HTTPS_PROXY": proxy.url]
                let fact = try await HTTPCollector().collect(parameters, in: here).value
                #expect(fact.text("body") == "hello")
                #expect(proxy.targets == ["web.example:8443"])
                // As everywhere, loopback is never reached through a proxy.
                var direct = parameters
                direct["url"] = .string(server.url)
                let near = try await HTTPCollector().collect(direct, in: here).value
                #expect(near.number("status") == 200)
                #expect(proxy.targets.count == 1)
            }
        }
    }

    @Test func `logs of a file, of a unit and of a pod`() async throws {
        let effects = MadeUpWorld(
            files: ["/var/log/a.log": "one\ntwo\nthree\n"],
            commands: [
                "journalctl --unit=kubelet --lines=2 --output=short-iso --no-pager --quiet": output("a\nb\n")
            ])
        let tail: Value = .int(2)
        let file = try await LogsCollector().collect(
            ["file": .string("/var/log/a.log"), "tail": tail, "parser": .string("lines")],
            in: surroundings(effects)
        ).value
        #expect(file.texts("content") == ["two", "three"])
        let unit = try await LogsCollector().collect(
            ["unit": .string("kubelet"), "tail": tail], in: surroundings(effects)
        ).value
        #expect(unit.text("content") == "a\nb\n")

        var api = APIServer()
        api.tokens = ["good": "jane"]
        api.answers["/api/v1/namespaces/shop/pods/web-1/log"] = .init(200, "hello\n")
        try await withLoopbackServer { [api] in
            api.respond($0)
        } body: { server in
            let access = ServerAccess(server.url, credential: .bearer("good"))
            let parameters: [String: Value] = ["namespace": .string("shop"), "container": .string("app")]
            let pod = try await LogsCollector().observe(
                pod: "web-1", access, 5, parameters, in: surroundings()
            ).value
            #expect(pod.text("content") == "hello\n")
            #expect(
                server.requests.map(\.uri) == [
                    "/api/v1/namespaces/shop/pods/web-1/log?tailLines=5&container=app"
                ])
        }
    }

    @Test(
        arguments: [
            [:], ["file": .string("/a"), "unit": .string("b")], ["unit": .string("--vacuum-size=1")],
            ["unit": .string("a b")],
        ] as [[String: Value]])
    func `a log that is not named exactly is malformed`(parameters: [String: Value]) async {
        #expect(
            await reason { _ = try await LogsCollector().collect(parameters, in: surroundings(MadeUpWorld())) }
                == .malformed)
    }
}
