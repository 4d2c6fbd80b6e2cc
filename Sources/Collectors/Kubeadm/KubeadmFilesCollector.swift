internal import CEL
internal import Facts

/// What kubeadm has put on this machine.
///
/// Source: kubeadm's implementation details: the files below /etc/kubernetes.
struct KubeadmFilesCollector: Collector {
    let declaration = Declaration(
        "kubeadm.files",
        summary: "The kubeconfigs and static pods that kubeadm put on this machine.",
        returns: .object([
            "kubeconfigs": .list(.object(["name": .string, "server": .string, "mode": .string])),
            "manifests": .list(.object(["name": .string, "image": .string, "arguments": .list(.string)])),
            "controlPlane": .bool, "bootstrapping": .bool,
        ]),
        fields: [
            "kubeconfigs.name": "admin.conf, kubelet.conf, …",
            "kubeconfigs.server": "absent where the file names none",
            "manifests.arguments": "the command line of the static pod's first container, without what looks secret",
            "controlPlane": "an API server's manifest is there",
            "bootstrapping": "bootstrap-kubelet.conf is there and kubelet.conf is not: the join has not ended",
        ],
        cost: .file, privileges: ["root, to read /etc/kubernetes"],
        secrets: ["client keys and tokens of the kubeconfigs, which are not read into the fact"])

    private static let directory = "/etc/kubernetes"

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let names: [String]
        do {
            names = try await surroundings.effects.list(Self.directory)
        } catch  where error.reason == .notFound {
            throw Unknown(.notApplicable, "kubeadm has put nothing on this machine: there is no \(Self.directory)")
        } catch {
            throw error.asForRoot(Self.directory)
        }
        var kubeconfigs: [Value] = []
        for name in names where name.hasSuffix(".conf") {
            kubeconfigs.append(try await kubeconfig(name, surroundings))
        }
        var manifests: [Value] = []
        let pods = Self.directory + "/manifests"
        let files = try await surroundings.namesIfPresent(in: pods).filter { $0.hasSuffix(".yaml") }
        for name in files {
            let path = "\(pods)/\(name)"
            manifests.append(
                await attempt { () async throws(Unknown) in
                    Self.manifest(name, try await surroundings.machineFile(path))
                }.value)
        }
        return Observation(
            .map([
                "kubeconfigs": .list(List(kubeconfigs)), "manifests": .list(List(manifests)),
                "controlPlane": .bool(files.contains("kube-apiserver.yaml")),
                "bootstrapping": .bool(names.contains("bootstrap-kubelet.conf") && !names.contains("kubelet.conf")),
            ]), source: Self.directory)
    }

    private func kubeconfig(_ name: String, _ surroundings: Surroundings) async throws(Unknown) -> Value {
        let path = "\(Self.directory)/\(name)"
        var fields: [String: Value] = ["name": .string(name)]
        let status = try await surroundings.effects.status(of: path)
        fields["mode"] = .string(String(status.mode, radix: 8))
        do throws(Unknown) {
            let root = documents(of: try await surroundings.machineFile(path)).first
            let server = root?.field("clusters")?.elements.first?.field("cluster")?.field("server")?.scalarText
            fields["server"] = server.map { .string(withoutCredentials($0)) }
        } catch {
            fields["server"] = error.value
        }
        return .map(Map(fields))
    }

    private static func manifest(_ name: String, _ text: String) -> Value {
        let container = documents(of: text).first?.field("spec")?.field("containers")?.elements.first
        let words = ["command", "args"].flatMap { container?.field($0)?.elements.compactMap(\.scalarText) ?? [] }
        var fields: [String: Value] = [
            "name": .string(String(name.dropLast(".yaml".count))),
            "arguments": Value.texts(Redaction.redact(arguments: words)),
        ]
        fields["image"] = container?.field("image")?.scalarText.map(Value.string)
        return .map(Map(fields))
    }
}
