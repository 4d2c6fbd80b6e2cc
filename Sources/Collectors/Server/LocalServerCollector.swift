internal import CEL
internal import Facts

/// The API server's own machine, where that is this one.
///
/// Sources: kubeadm's static pod manifests, /proc, crictl(8), systemctl(1).
struct LocalServerCollector: Collector {
    static let manifestPath = "/etc/kubernetes/manifests/kube-apiserver.yaml"

    let declaration = Declaration(
        "server.local",
        summary: "The API server as this machine sees it, where the kubeconfig's server is this machine.",
        returns: .object([
            "isThisHost": .bool, "listening": .bool,
            "manifest": .object(["present": .bool, "path": .string, "securePort": .int]),
            "process": .object(["running": .bool, "pid": .int, "name": .string]),
            "container": .object([
                "present": .bool, "state": .string, "id": .string, "attempt": .int, "lastLog": .list(.string),
            ]),
            "kubelet": .object(["present": .bool, "active": .bool, "state": .string]),
            "etcd": .object(["manifestPresent": .bool, "processRunning": .bool, "listening": .bool]),
        ]),
        fields: [
            "isThisHost": "the server's host is loopback or one of this machine's addresses",
            "listening": "some process accepts TCP connections at the server's port",
            "manifest": "kubeadm's static pod; managed and embedded (k3s) API servers have none",
            "container.state": "as crictl says it: CONTAINER_RUNNING, CONTAINER_EXITED …",
            "container.lastLog": "the last lines that the newest container wrote",
            "kubelet.state": "systemd's ActiveState: active, activating, failed, inactive",
            "etcd.listening": "port 2379 of this machine is open",
        ],
        cost: .command,
        privileges: ["read /proc and /etc/kubernetes", "run crictl as root", "run systemctl show"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        try surroundings.requireHere()
        let access = try await ServerAccess.anonymous(in: surroundings)
        return try await observe(host: access.host, port: access.port, in: surroundings)
    }

    func observe(host: String, port: Int, in surroundings: Surroundings) async throws(Unknown) -> Observation {
        guard try await Self.isThisHost(host, surroundings) else {
            let elsewhere = Unknown(.notApplicable, "\(host) is another machine").value
            let parts = ["listening", "manifest", "process", "container", "kubelet", "etcd"]
            var fields = Dictionary(uniqueKeysWithValues: parts.map { ($0, elsewhere) })
            fields["isThisHost"] = .bool(false)
            return Observation(.map(Map(fields)), source: "addresses of this machine")
        }
        var fields: [String: Value] = ["isThisHost": .bool(true)]
        let sockets = await attempt { () async throws(Unknown) in try await ListeningSockets.read(surroundings) }
        fields["listening"] = sockets.map { .bool($0.ports.contains(port)) }.value
        fields["manifest"] = await manifest(surroundings)
        fields["process"] = await process(surroundings)
        fields["container"] = await container(surroundings)
        fields["kubelet"] = await kubelet(surroundings)
        fields["etcd"] = await etcd(sockets, surroundings)
        return Observation(
            .map(Map(fields)), source: "\(Self.manifestPath), /proc, crictl ps -a, systemctl show kubelet")
    }

    /// Loopback, or listed among the addresses that the kernel routes to itself.
    static func isThisHost(_ host: String, _ surroundings: Surroundings) async throws(Unknown) -> Bool {
        if isLoopback(host) { return true }
        var wanted: Set<[UInt8]> = []
        if let bytes = addressBytes(host) {
            wanted.insert(bytes)
        } else {
            let report = await surroundings.effects.connect(ConnectionRequest(host: host, port: 9, deadlineSeconds: 2))
            wanted.formUnion(report.addresses.compactMap(addressBytes))
        }
        guard !wanted.isEmpty else { return false }
        return try await !wanted.isDisjoint(with: ownAddresses(surroundings))
    }

    private static func ownAddresses(_ surroundings: Surroundings) async throws(Unknown) -> Set<[UInt8]> {
        let routes = try await surroundings.machineFile("/proc/net/fib_trie")
        var own: Set<[UInt8]> = []
        var last = ""
        for line in routes.split(separator: "\n") {
            let words = line.split(separator: " ")
            if let address = words.last, words.first?.hasSuffix("--") == true { last = String(address) }
            if line.hasSuffix("host LOCAL"), let bytes = addressBytes(last) { own.insert(bytes) }
        }
        // One line per address: 32 hexadecimal digits, then more columns.
        let six = try await surroundings.machineFileIfPresent("/proc/net/if_inet6") ?? ""
        for line in six.split(separator: "\n") {
            let digits = Array(line.prefix(32))
            guard digits.count == 32 else { continue }
            let bytes = stride(from: 0, to: 32, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
            if bytes.count == 16 { own.insert(bytes) }
        }
        return own
    }

    private func manifest(_ surroundings: Surroundings) async -> Value {
        do throws(Unknown) {
            guard let text = try await surroundings.machineFileIfPresent(Self.manifestPath) else {
                return .map(["present": .bool(false), "path": .string(Self.manifestPath)])
            }
            let flag = text.split(separator: "\n").compactMap { line -> Int64? in
                let mark = "--secure-port="
                guard let range = line.firstRange(of: mark) else { return nil }
                return Int64(line[range.upperBound...].prefix { $0.isASCII && $0.isNumber })
            }.first
            return .map([
                "present": .bool(true), "path": .string(Self.manifestPath), "securePort": .int(flag ?? 6443),
            ])
        } catch {
            return error.value
        }
    }

    private func process(_ surroundings: Surroundings) async -> Value {
        do throws(Unknown) {
            let processes = try await RunningProcess.all(in: surroundings)
            // k3s and MicroK8s run the API server inside one program.
            let names: Set = ["kube-apiserver", "k3s", "k3s-server", "kubelite", "rke2"]
            guard let found = processes.first(where: { names.contains($0.name) }) else {
                return .map(["running": .bool(false)])
            }
            return .map(["running": .bool(true), "pid": .int(Int64(found.pid)), "name": .string(found.name)])
        } catch {
            return error.value
        }
    }

    private func container(_ surroundings: Surroundings) async -> Value {
        do throws(Unknown) {
            let output = try await surroundings.effects.run(
                Command("crictl", ["ps", "-a", "--name", "^kube-apiserver$", "-o", "json"]))
            guard output.exitCode == 0, let json = try? Value.parseJSON(output.standardOutput) else {
                let words = String(decoding: output.standardError.prefix(200), as: UTF8.self).split(separator: "\n")
                throw Unknown(.denied, "crictl: \(words.first ?? "no answer")", hint: "run as root")
            }
            // The newest comes first.
            guard let newest = json[field: "containers"]?.elements?.first, let id = newest[field: "id"]?.text else {
                return .map(["present": .bool(false)])
            }
            var fields: [String: Value] = ["present": .bool(true), "id": .string(String(id.prefix(13)))]
            fields["state"] = newest[field: "state"]
            fields["attempt"] = newest[field: "metadata"]?[field: "attempt"]
            fields["lastLog"] = await lastLog(of: id, surroundings)
            return .map(Map(fields))
        } catch {
            return error.value
        }
    }

    private func lastLog(of id: String, _ surroundings: Surroundings) async -> Value {
        do throws(Unknown) {
            let output = try await surroundings.effects.run(Command("crictl", ["logs", "--tail", "30", id]))
            let text = String(decoding: output.standardOutput + output.standardError, as: UTF8.self)
            return Value.texts(text.split(separator: "\n").map(String.init))
        } catch {
            return error.value
        }
    }

    private func kubelet(_ surroundings: Surroundings) async -> Value {
        do throws(Unknown) {
            let output = try await surroundings.effects.run(
                Command("systemctl", ["show", "kubelet", "--property=LoadState,ActiveState"]))
            guard output.exitCode == 0 else {
                throw Unknown(.notApplicable, "systemd does not answer on this machine")
            }
            let pairs = String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n").map {
                $0.split(separator: "=", maxSplits: 1).map(String.init)
            }
            let values = Dictionary(
                pairs.filter { $0.count == 2 }.map { ($0[0], $0[1]) }, uniquingKeysWith: { first, _ in first })
            let state = values["ActiveState"] ?? ""
            return .map([
                "present": .bool(values["LoadState"] == "loaded"), "active": .bool(state == "active"),
                "state": .string(state),
            ])
        } catch {
            return error.value
        }
    }

    private func etcd(_ sockets: Result<ListeningSockets, Unknown>, _ surroundings: Surroundings) async -> Value {
        let running = await attempt { () async throws(Unknown) in
            try await RunningProcess.all(in: surroundings).contains { $0.name == "etcd" }
        }
        let present = await attempt { () async throws(Unknown) in
            try await surroundings.exists("/etc/kubernetes/manifests/etcd.yaml")
        }
        return .map([
            "manifestPresent": present.map(Value.bool).value, "processRunning": running.map(Value.bool).value,
            "listening": sockets.map { .bool($0.ports.contains(2379)) }.value,
        ])
    }
}

/// Runs it and keeps why it failed.
func attempt<Success>(
    _ work: () async throws(Unknown) -> Success
) async -> Result<Success, Unknown> {
    do throws(Unknown) { return .success(try await work()) } catch { return .failure(error) }
}

extension Result where Success == Value, Failure == Unknown {
    /// The value, or an unknown in its place.
    var value: Value {
        switch self {
        case .success(let value): value
        case .failure(let unknown): unknown.value
        }
    }
}
