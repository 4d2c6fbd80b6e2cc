internal import YAML

extension EtcdMember {
    /// The settings of etcd's own configuration file, under the names of the flags.
    static func yamlSettings(_ text: String) -> [String: String] {
        guard let root = parse(Array(text.utf8), limits: .kubeconfig).documents.first else { return [:] }
        var settings = Dictionary(root.pairs.map { ($0.key, $0.value) }, uniquingKeysWith: { $1 })
        // Certificates stand in maps of their own there.
        for (section, prefix) in [("peer-transport-security", "peer-"), ("client-transport-security", "")] {
            for (key, value) in root.field(section)?.pairs ?? [] where key.hasSuffix("-file") {
                settings[prefix + key] = value
            }
        }
        return settings.filter { !$0.value.isEmpty }
    }

    /// argv of the first container of a static pod.
    static func command(ofManifest text: String) -> [String] {
        let pod = parse(Array(text.utf8), limits: .kubeconfig).documents.first
        guard let container = pod?.field("spec")?.field("containers")?.elements.first else { return [] }
        return ["command", "args"].flatMap { container.field($0)?.elements.compactMap(\.scalarText) ?? [] }
    }
}
