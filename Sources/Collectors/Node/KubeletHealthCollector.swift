internal import CEL
internal import Facts
internal import YAML

/// What the kubelet of this machine says of itself on its loopback port.
///
/// Source: KubeletConfiguration v1beta1: `healthzPort` (10248; 0 turns it off) and `healthzBindAddress` (127.0.0.1).
struct KubeletHealthCollector: Collector {
    let declaration = Declaration(
        "kubelet.health",
        summary: "What the kubelet of this machine answers to /healthz.",
        returns: .object([
            "reachable": .bool, "healthy": .bool, "status": .int, "message": .string, "url": .string,
        ]),
        fields: [
            "reachable": "something answers on the health port",
            "healthy": "false where nothing answers; a kubelet whose health port is off is unknown",
            "message": "the answer's first 1,000 bytes, or why there is none",
        ],
        cost: .network, privileges: ["connect to 127.0.0.1:10248", "read the kubelet's configuration"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let kubelet = try await Kubelet.find(in: surroundings)
        let isKnown = kubelet.process != nil
        let path = kubelet.configurationPath(asked: nil)
        let text = try await surroundings.machineFileIfPresent(path)
        guard isKnown || text != nil else {
            throw Unknown(.notApplicable, "this machine has no kubelet: none runs, and there is no \(path)")
        }
        let root = text.flatMap { parse(Array($0.utf8), limits: .kubeconfig).documents.first }
        let port = kubelet.flags["healthz-port"] ?? root?.field("healthzPort")?.scalarText ?? "10248"
        let address =
            kubelet.flags["healthz-bind-address"] ?? root?.field("healthzBindAddress")?.scalarText ?? "127.0.0.1"
        guard let number = Int(port), (0...65535).contains(number) else {
            throw Unknown(.malformed, "the kubelet's healthzPort is '\(port)'")
        }
        guard number != 0 else {
            throw Unknown(.notApplicable, "the kubelet's health port is turned off (healthzPort: 0)")
        }
        return try await observe(host: Self.reachable(address), port: number, in: surroundings)
    }

    func observe(
        host: String, port: Int, in surroundings: Surroundings, deadlineSeconds: Double = 5
    ) async throws(Unknown) -> Observation {
        let url = "http://\(bracketed(host)):\(port)/healthz"
        var fields: [String: Value] = ["url": .string(url)]
        do throws(Unknown) {
            let response = try await surroundings.effects.send(
                HTTPRequest(
                    url: url, headers: [("User-Agent", "triage")], deadlineSeconds: deadlineSeconds,
                    bodyLimit: 1 << 20))
            let body = String(decoding: response.body.prefix(1000), as: UTF8.self)
            fields["reachable"] = .bool(true)
            fields["healthy"] = .bool(response.status == 200)
            fields["status"] = .int(Int64(response.status))
            fields["message"] = .string(Redaction.redact(body))
        } catch  where error.reason == .unreachable || error.reason == .timedOut {
            fields["reachable"] = .bool(false)
            fields["healthy"] = .bool(false)
            fields["message"] = .string(error.detail)
        }
        return Observation(.map(Map(fields)), source: "GET \(url)")
    }

    /// An address that stands for all is reached by loopback.
    private static func reachable(_ address: String) -> String {
        switch address {
        case "0.0.0.0", "": "127.0.0.1"
        case "::": "::1"
        default: address
        }
    }
}
