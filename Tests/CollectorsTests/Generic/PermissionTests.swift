import CEL
import Facts
import Synchronization
import TestSupport
import Testing

@testable import Collectors

/// What a library may have done for it is checked where it is done.
@Suite struct PermissionTests {
    typealias Permissions = Surroundings.Permissions

    /// Nothing of any kind.
    static let nothing = Permissions(
        holder: "the library 'acme'",
        limits: [.init(commands: [], hosts: [], files: [], resources: [], hint: "ask somebody")])

    /// Every collector that lets the playbook choose, each with the ways to choose.
    static let requests: [(collector: String, parameters: [String: Value])] = [
        ("command", ["run": .list([.string("id")])]), ("http", ["url": .string("https://example.org/")]),
        ("file", ["path": .string("/etc/shadow")]), ("logs", ["file": .string("/var/log/syslog")]),
        ("logs", ["unit": .string("kubelet")]), ("logs", ["pod": .string("web")]),
        ("kubernetes", ["resource": .string("pods")]),
        ("kubernetes", ["resource": .string("secrets"), "name": .string("one")]),
    ]

    @Test(arguments: requests)
    func `what is not allowed is not begun`(collector: String, parameters: [String: Value]) async throws {
        let world = CountingWorld()
        let surroundings = Surroundings(now: recordedAt, effects: world, permissions: Self.nothing)
        let collector = try #require(Catalogue.builtIn[collector])
        let unknown = await unknown { _ = try await collector.collect(parameters, in: surroundings) }
        #expect(unknown?.reason == .notAllowed)
        #expect(unknown?.detail.hasPrefix("the library 'acme' may not ") == true, "\(unknown?.detail ?? "")")
        #expect(unknown?.hint == "ask somebody")
        #expect(world.calls.withLock(\.self) == 0)
    }

    @Test func `the collectors that let the playbook choose are these`() {
        let choosing = Catalogue.builtIn.collectors.map(\.declaration).filter(\.needsPermission).map(\.name)
        #expect(Set(choosing) == Set(Self.requests.map(\.collector)))
    }

    @Test(arguments: [
        // The arguments that are run, not those that are written: whatever fills them in.
        (["crictl", "ps"], ["crictl", "ps", "-a"], true), (["crictl", "ps"], ["crictl", "rm", "x"], false),
        (["systemctl", "show", "*"], ["systemctl", "show", "kubelet"], true),
        (["systemctl", "show", "*"], ["systemctl", "stop", "kubelet"], false),
        // The same program under its path; another of the same name; one of the working directory.
        (["crictl"], ["/usr/bin/crictl", "ps"], true), (["/usr/bin/crictl"], ["crictl", "ps"], true),
        (["crictl"], ["/tmp/crictl", "ps"], false), (["crictl"], ["./crictl", "ps"], false),
        (["./crictl"], ["./crictl", "ps"], false), (["*"], ["crictl"], false), ([], ["crictl"], false),
    ])
    func `a command is compared as it is run`(pattern: [String], argv: [String], isAllowed: Bool) async {
        let world = MadeUpWorld(
            files: ["/usr/bin/crictl": "", "/tmp/crictl": "", "/usr/bin/systemctl": ""],
            commands: [argv.joined(separator: " "): CommandOutput(exitCode: 0, standardOutput: [], standardError: [])])
        let permissions = Permissions(holder: "it", limits: [.init(commands: [pattern], hint: "")])
        let surroundings = Surroundings(
            environment: ["PATH": "bin:/usr/bin"], now: recordedAt, effects: world, permissions: permissions)
        let unknown = await unknown {
            _ = try await surroundings.permitted.run(Command(argv[0], Array(argv.dropFirst())))
        }
        #expect((unknown?.reason == .notAllowed) != isAllowed, "\(unknown?.detail ?? "")")
    }

    @Test(arguments: [
        ("https://status.example:443", "https://status.example/path?x#y", true),
        ("https://status.example:443", "https://STATUS.example:443", true),
        ("https://status.example:443", "http://status.example/", false),
        ("https://status.example:443", "https://status.example:8443/", false),
        ("https://status.example:443", "https://status.example.evil.example/", false),
        ("https://status.example:443", "https://status.example:443@evil.example/", false),
        ("https://status.example:443", #"https://evil.example\@status.example/"#, false),
        ("*", "https://status.example/", true), ("*", "http://203.0.113.7/", true),
        ("*", "http://localhost/", false), ("*", "http://127.0.0.1:2379/", false), ("*", "http://127.1/", false),
        ("*", "http://2130706433/", false), ("*", "http://0x7f.0.0.1/", false), ("*", "http://0177.0.0.1/", false),
        ("*", "http://169.254.169.254/latest/meta-data", false), ("*", "http://[::1]/", false),
        ("*", "http://[::ffff:169.254.169.254]/", false), ("*", "http://[fe80::1]/", false),
        ("*", "http://metadata.google.internal/", false), ("*", "http://localhost./", false),
        ("http://127.0.0.1:2381", "http://127.0.0.1:2381/health", true),
    ])
    func `a host is compared as it is asked`(pattern: String, url: String, isAllowed: Bool) async {
        let world = MadeUpWorld(responses: [url: HTTPResponse(status: 200, headers: [], body: [])])
        let permissions = Permissions(holder: "it", limits: [.init(hosts: [pattern], hint: "")])
        let surroundings = Surroundings(now: recordedAt, effects: world, permissions: permissions)
        let unknown = await unknown { _ = try await surroundings.permitted.send(HTTPRequest(url: url)) }
        #expect((unknown == nil) == isAllowed, "\(unknown?.detail ?? "")")
    }

    @Test(arguments: [
        ("/etc/kubernetes/**", "/etc/kubernetes/pki/ca.crt", true),
        ("/etc/kubernetes/**", "/etc/kubernetes/../shadow", false), ("/etc/*", "/etc/hosts", true),
        ("/etc/*", "/etc/pki/x", false), ("~/.kube/config", "/home/ada/.kube/config", true),
        ("journal:kubelet", "journal:kubelet", true), ("journal:*", "journal:sshd", true),
        ("**", "journal:sshd", false), ("journal:*", "/etc/shadow", false),
    ])
    func `a file is compared as it is opened`(pattern: String, path: String, isAllowed: Bool) async {
        let world = MadeUpWorld(files: [path: "x"])
        let permissions = Permissions(holder: "it", limits: [.init(files: [pattern], hint: "")])
        let surroundings = Surroundings(
            homeDirectory: "/home/ada", now: recordedAt, effects: world, permissions: permissions)
        let unknown = await unknown {
            if path.hasPrefix("journal:") {
                try surroundings.permitted.mayRead(journalOf: String(path.dropFirst(8)))
            } else {
                _ = try await surroundings.permitted.readFile(path, limit: 10)
            }
        }
        #expect((unknown == nil) == isAllowed, "\(unknown?.detail ?? "")")
    }

    @Test(arguments: [
        ("get,list:pods", "list", "pods", true), ("get:pods", "list", "pods", false),
        ("get,list:pods", "get", "secrets", false), ("get,list:*", "list", "deployments.apps", true),
        ("pods", "get", "pods", false),
    ])
    func `a resource is compared as it is asked for`(
        pattern: String, verb: String, resource: String, isAllowed: Bool
    ) async {
        let permissions = Permissions(holder: "it", limits: [.init(resources: [pattern], hint: "")])
        let surroundings = Surroundings(now: recordedAt, effects: MadeUpWorld(), permissions: permissions)
        let unknown = await unknown { try surroundings.permitted.mayAsk(verb, of: resource) }
        #expect((unknown == nil) == isAllowed)
    }

    @Test func `every limit holds, and the one that refuses says how it is lifted`() async {
        let permissions = Permissions(
            holder: "the library 'acme'",
            limits: [
                .init(commands: [["crictl"]], hint: "first"), .init(commands: [["crictl", "ps"]], hint: "second"),
            ])
        let world = MadeUpWorld(
            commands: ["crictl ps": CommandOutput(exitCode: 0, standardOutput: [], standardError: [])])
        let surroundings = Surroundings(now: recordedAt, effects: world, permissions: permissions)
        for (argv, hint) in [(["crictl", "ps"], nil), (["crictl", "rm"], "second"), (["rm"], "first")] {
            let unknown = await unknown {
                _ = try await surroundings.permitted.run(Command(argv[0], Array(argv.dropFirst())))
            }
            #expect(unknown?.hint == hint)
        }
    }

    private func unknown(_ body: () async throws -> Void) async -> Unknown? {
        do {
            try await body()
            return nil
        } catch {
            return error as? Unknown
        }
    }
}

/// Counts what reaches it, and has nothing.
private final class CountingWorld: Effects {
    let calls = Mutex(0)

    private func count() -> Unknown {
        calls.withLock { $0 += 1 }
        return Unknown(.notFound, "nothing is here")
    }

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] { throw count() }
    func status(of path: String) async throws(Unknown) -> FileStatus { throw count() }
    func list(_ directory: String) async throws(Unknown) -> [String] { throw count() }
    func run(_ command: Command) async throws(Unknown) -> CommandOutput { throw count() }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { throw count() }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        _ = count()
        return ConnectionReport()
    }
}
