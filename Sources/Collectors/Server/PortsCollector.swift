internal import CEL
internal import Facts

/// Whether the server is to be found on another port of its host.
struct PortsCollector: Collector {
    /// Where API servers usually listen: kubeadm and k3s, managed ones, minikube and Docker, MicroK8s, Rancher Desktop
    /// and minikube's tunnels.
    static let usual = [6443, 443, 8443, 16443, 26443]

    let declaration = Declaration(
        "server.ports",
        summary: "Other usual ports of the server's host, and those of other contexts with that host.",
        returns: .list(
            .object([
                "port": .int, "open": .bool, "error": .string, "tls": .bool, "isAPIServer": .bool,
                "clusterMatches": .bool, "context": .string,
            ])),
        fields: [
            "open": "a connection comes about",
            "isAPIServer": "answers /version as a Kubernetes API server does, be it with a refusal",
            "clusterMatches": "its certificate leads to the authority of the selected context; absent without TLS",
            "context": "the context that names this port, where one does",
        ],
        cost: .network, privileges: ["connect to the host that the kubeconfig names"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        try surroundings.requireHere()
        let access = try await ServerAccess.anonymous(in: surroundings)
        let named = await Self.portsOfOtherContexts(on: access.host, in: surroundings)
        return await observe(access, named: named, in: surroundings)
    }

    func observe(
        _ access: ServerAccess, named: [Int: String], usual: [Int] = Self.usual, in surroundings: Surroundings,
        deadlineSeconds: Double = 3
    ) async -> Observation {
        let others = Set(usual).union(named.keys).subtracting([access.port]).sorted()
        let found = await withTaskGroup(of: (port: Int, value: Value).self) { group in
            for port in others {
                let context = named[port]
                group.addTask {
                    (
                        port,
                        await look(
                            access, port: port, context: context, surroundings.effects, deadlineSeconds: deadlineSeconds
                        )
                    )
                }
            }
            var found: [(port: Int, value: Value)] = []
            for await entry in group { found.append(entry) }
            return found.sorted { $0.port < $1.port }
        }
        return Observation(
            .list(List(found.map(\.value))),
            source: "connect to \(access.host), ports \(others.map(String.init).joined(separator: ", "))")
    }

    private func look(
        _ access: ServerAccess, port: Int, context: String?, _ effects: any Effects, deadlineSeconds: Double
    ) async -> Value {
        let report = await effects.connect(
            ConnectionRequest(host: access.host, port: port, tls: access.tls, deadlineSeconds: deadlineSeconds))
        var fields: [String: Value] = ["port": .int(Int64(port)), "open": .bool(report.isOpen)]
        fields["context"] = context.map(Value.string)
        guard report.wasAsked else { return Unknown(.notCollected, ConnectionReport.notAsked).value }
        if case .connecting(let error) = report.failedAt { fields["error"] = .string(error) }
        guard report.isOpen else {
            fields.merge(["tls": .bool(false), "isAPIServer": .bool(false)]) { $1 }
            return .map(Map(fields))
        }
        let speaksTLS = report.failedAt == nil
        fields["tls"] = .bool(speaksTLS)
        if speaksTLS, access.isTLS {
            let trust = await PeerTrust(chain: report.peerChainDER, options: access.tls, host: access.host)
            fields["clusterMatches"] = .bool(trust.leadsToAuthority)
        }
        let answer = try? await effects.send(
            access.probe(
                "/version", port: port, isTLS: speaksTLS, usesProxy: false, deadlineSeconds: deadlineSeconds + 2))
        fields["isAPIServer"] = .bool(answer?.isAPIServersVersion ?? false)
        return .map(Map(fields))
    }

    /// By port, the first context that names it.
    private static func portsOfOtherContexts(
        on host: String, in surroundings: Surroundings
    ) async -> [Int: String] {
        guard let kubeconfig = try? await KubeconfigCollector().collect([:], in: surroundings).value,
            let servers = kubeconfig[field: "servers"]?.elements
        else { return [:] }
        var ports: [Int: String] = [:]
        for server in servers {
            guard let address = server[field: "server"]?.text.flatMap(Address.init(url:)),
                address.host.lowercased() == host.lowercased()
            else { continue }
            let port = address.port ?? (address.scheme == "http" ? 80 : 443)
            if ports[port] == nil { ports[port] = server[field: "context"]?.text ?? "" }
        }
        return ports
    }
}
