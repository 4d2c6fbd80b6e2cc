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

    /// Every way to let the playbook choose.
    static let requests: [(collector: String, parameters: [String: Value])] = [
        ("command", ["run": .list([.string("id")])]), ("http", ["url": .string("https://example.org/")]),
        ("file", ["path": .string("/etc/shadow")]), ("logs", ["file": .string("/var/log/syslog")]),
        ("logs", ["unit": .string("kubelet")]), ("logs", ["pod": .string("web")]),
        ("kubernetes", ["resource": .string("pods")]),
        ("kubernetes", ["resource": .string("secrets"), "name": .string("one")]), ("helm.releases", [:]),
        ("certificate", ["path": .string("/etc/shadow")]),
        ("certificate", ["path": .string("/etc/./kubernetes/../shadow")]),
        ("apiserver.authentication", ["manifest": .string("/etc/shadow")]),
        ("kubeadm.certificates", ["directory": .string("~/.ssh")]),
        ("node.journal", ["unit": .string("sshd.service")]),
        ("node.resolver", ["path": .string("/etc/shadow")]), ("node.disk", ["paths": .list([.string("/root/x")])]),
    ]

    static func guarded(_ surroundings: Surroundings, _ name: String, _ parameters: [String: Value]) -> Surroundings {
        Catalogue.builtIn[name].map { surroundings.guarding(Choices(parameters, of: $0.declaration)) } ?? surroundings
    }

    @Test(arguments: requests)
    func `what is not allowed is not begun`(collector name: String, parameters: [String: Value]) async throws {
        let world = RecordingWorld(MadeUpWorld())
        let surroundings = Self.guarded(
            Surroundings(now: recordedAt, effects: world, permissions: Self.nothing), name, parameters)
        let collector = try #require(Catalogue.builtIn[name])
        let unknown = await unknown { _ = try await collector.collect(parameters, in: surroundings) }
        #expect(unknown?.reason == .notAllowed)
        #expect(unknown?.detail.hasPrefix("the library 'acme' may not ") == true, "\(unknown?.detail ?? "")")
        #expect(unknown?.hint == "ask somebody")
        // What the collector reads by itself it may have read before.
        #expect(world.calls.filter { $0 != "/proc/self/mounts" } == [])
    }

    @Test func `the kubelet's own files are read, one of the playbook's choice is not`() async throws {
        let world = RecordingWorld(
            MadeUpWorld(files: [
                "/etc/shadow": "root:x", "/var/lib/kubelet/config.yaml": "a: b", "/proc/1/cmdline": "init\0",
            ]))
        let surroundings = Surroundings(now: recordedAt, effects: world, permissions: Self.nothing)
        let collector = try #require(Catalogue.builtIn["kubelet.config"])
        _ = try await collector.collect([:], in: Self.guarded(surroundings, "kubelet.config", [:]))
        #expect(world.calls.contains("/var/lib/kubelet/config.yaml"))
        let chosen: [String: Value] = ["path": .string("/etc/shadow")]
        let unknown = await unknown {
            _ = try await collector.collect(chosen, in: Self.guarded(surroundings, "kubelet.config", chosen))
        }
        #expect(unknown?.detail == "the library 'acme' may not read /etc/shadow")
        #expect(!world.calls.contains("/etc/shadow"))
    }

    @Test func `names that a playbook looks up could carry what it has read`() async throws {
        let world = RecordingWorld(
            MadeUpWorld(
                files: ["/etc/resolv.conf": "nameserver 192.0.2.1"], names: ["secret.evil.example": ["192.0.2.9"]]))
        let parameters: [String: Value] = ["names": .list([.string("secret.evil.example")])]
        let collector = try #require(Catalogue.builtIn["node.resolver"])
        for (permissions, isAllowed) in [
            (Self.nothing, false), (Permissions.none, true),
            (Permissions(holder: "it", limits: [.init(hosts: ["dns:secret.evil.example"], hint: "")]), true),
            (Permissions(holder: "it", limits: [.init(hosts: ["https://secret.evil.example:443"], hint: "")]), false),
        ] {
            let surroundings = Surroundings(now: recordedAt, effects: world, permissions: permissions)
            let guarded = Self.guarded(surroundings, "node.resolver", parameters)
            let value = try await collector.collect(parameters, in: guarded).value
            let addresses = value[field: "lookups"]?.elements?.first?[field: "addresses"]
            #expect((addresses?.elements?.first?.text == "192.0.2.9") == isAllowed, "\(value)")
        }
        #expect(world.calls.count { $0 == "secret.evil.example" } == 2)
    }

    /// Names its values as each kind of target would be.
    private static let marks = ["/mark/zzz", "mark-zzz", "https://mark.zzz/"]

    @Test(arguments: Catalogue.builtIn.names)
    func `no parameter reaches the world around the gate`(name: String) async throws {
        let collector = try #require(Catalogue.builtIn[name])
        let kubeconfig = """
            {apiVersion: v1, kind: Config, current-context: lab, contexts: [{name: lab, context: {cluster: lab, user: a}}],
            users: [{name: a, user: {token: opaque}}], clusters: [{name: lab, cluster: {server: "https://10.0.0.1:6443"}}]}
            """
        for parameter in collector.declaration.parameters {
            for mark in Self.marks {
                let value: Value
                switch parameter.type {
                case .string: value = .string(mark)
                case .list(.string): value = .list([.string(mark)])
                default: continue
                }
                let world = RecordingWorld(MadeUpWorld(files: ["/root/.kube/config": kubeconfig]))
                let surroundings = Surroundings(now: recordedAt, effects: world, permissions: Self.nothing)
                let parameters = [parameter.name: value]
                _ = try? await collector.collect(parameters, in: Self.guarded(surroundings, name, parameters))
                // The API server is the person's choice, and what the arguments of a fixed program say is the collector's.
                let reached = world.calls.filter { $0.contains(mark) && !$0.hasPrefix("https://10.0.0.1:6443/") }
                #expect(reached == [], "\(name), \(parameter.name)")
            }
        }
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
            let choice: [String: Value] = ["run": .list(List(argv.map(Value.string)))]
            _ = try await Self.guarded(surroundings, "command", choice).effects
                .run(Command(argv[0], Array(argv.dropFirst())))
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
        let unknown = await unknown {
            _ = try await Self.guarded(surroundings, "http", ["url": .string(url)]).effects.send(HTTPRequest(url: url))
        }
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
        let world = MadeUpWorld(
            files: [path: "x"],
            commands: [
                "journalctl --unit=\(path.dropFirst(8))": CommandOutput(
                    exitCode: 0, standardOutput: [], standardError: [])
            ])
        let permissions = Permissions(holder: "it", limits: [.init(files: [pattern], hint: "")])
        let surroundings = Surroundings(
            homeDirectory: "/home/ada", now: recordedAt, effects: world, permissions: permissions)
        let unknown = await unknown {
            if path.hasPrefix("journal:") {
                let unit = String(path.dropFirst(8))
                _ = try await Self.guarded(surroundings, "logs", ["unit": .string(unit)]).effects
                    .run(Command("journalctl", ["--unit=\(unit)"]))
            } else {
                _ = try await Self.guarded(surroundings, "file", ["path": .string(path)]).effects
                    .readFile(path, limit: 10)
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
        let unknown = await unknown { try surroundings.mayAsk(verb, of: resource) }
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
                let choice: [String: Value] = ["run": .list(List(argv.map(Value.string)))]
                _ = try await Self.guarded(surroundings, "command", choice).effects
                    .run(Command(argv[0], Array(argv.dropFirst())))
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

/// Keeps what is reached: paths, commands, URLs and names.
private final class RecordingWorld: Effects {
    private let world: MadeUpWorld
    private let reached = Mutex<[String]>([])

    init(_ world: MadeUpWorld) { self.world = world }

    var calls: [String] { reached.withLock(\.self) }

    private func keep(_ call: String) { reached.withLock { $0.append(call) } }

    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        keep(path)
        return try await world.readFile(path, limit: limit)
    }
    func status(of path: String) async throws(Unknown) -> FileStatus {
        keep(path)
        return try await world.status(of: path)
    }
    func list(_ directory: String) async throws(Unknown) -> [String] {
        keep(directory)
        return try await world.list(directory)
    }
    func space(at path: String) async throws(Unknown) -> FileSystemSpace {
        keep(path)
        return try await world.space(at: path)
    }
    func linkTarget(of path: String) async throws(Unknown) -> String {
        keep(path)
        return try await world.linkTarget(of: path)
    }
    func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        keep(command.executable)
        return try await world.run(command)
    }
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        keep(request.url)
        return try await world.send(request)
    }
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        keep(endpoint.host)
        return await world.connect(endpoint)
    }
    func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String] {
        keep(host)
        return try await world.resolve(host, deadlineSeconds: deadlineSeconds)
    }
}
