internal import CEL
internal import Facts

/// The running kubelet.
///
/// Source: /proc/PID/cmdline.
struct KubeletProcessCollector: Collector {
    let declaration = Declaration(
        "kubelet.process",
        summary: "Whether a kubelet runs on this machine, and as what.",
        returns: .object([
            "running": .bool, "pid": .int, "distribution": .string, "command": .string, "version": .string,
        ]),
        fields: [
            "pid": "absent where none runs, as is command",
            "distribution": "kubelet, or the program it is part of: k3s, microk8s",
            "version": "as `kubelet --version` says it",
        ],
        cost: .command,
        privileges: ["read /proc", "run kubelet --version"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let kubelet = try await Kubelet.find(in: surroundings)
        var fields: [String: Value] = ["running": .bool(kubelet.process != nil)]
        if let process = kubelet.process {
            fields["pid"] = .int(Int64(process.pid))
            fields["distribution"] = .string(kubelet.distribution)
            fields["command"] = .string(process.name)
        }
        fields["version"] = await version(of: kubelet, in: surroundings)
        return Observation(.map(Map(fields)), source: "/proc/*/cmdline, kubelet --version")
    }

    private func version(of kubelet: Kubelet, in surroundings: Surroundings) async -> Value {
        let program = kubelet.process.map { $0.arguments[0] }.flatMap { $0.hasSuffix("/kubelet") ? $0 : nil }
        do {
            let output = try await surroundings.effects.run(Command(program ?? "kubelet", ["--version"]))
            let words = String(decoding: output.standardOutput, as: UTF8.self).split(whereSeparator: \.isWhitespace)
            guard output.exitCode == 0, let version = words.last else {
                return Unknown(.malformed, "kubelet --version ended with code \(output.exitCode)").value
            }
            return .string(String(version))
        } catch {
            return error.value
        }
    }
}
