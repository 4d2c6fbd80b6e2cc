internal import CEL
internal import Facts

/// A folder of `kubectl cluster-info dump --output-directory`.
///
/// Source: kubectl, `pkg/cmd/clusterinfo/clusterinfo_dump.go`: `nodes.json`, for each namespace a folder with these
/// lists, and for each pod `NAMESPACE/POD/logs.txt`; `.yaml` with `-o yaml`. Lists that somebody saved beside it (`kubectl
/// get hpa -A -o json > hpa.json`) count too: a dump has no HorizontalPodAutoscalers, StatefulSets or LimitRanges.
struct ClusterInfoDump: CaptureReader {
    let name = "kubectl cluster-info dump"
    let looksBelow = true

    private static let lists: [String: (group: String, plural: String)] = [
        "events": ("", "events"), "replication-controllers": ("", "replicationcontrollers"),
        "services": ("", "services"), "daemonsets": ("apps", "daemonsets"), "deployments": ("apps", "deployments"),
        "replicasets": ("apps", "replicasets"), "pods": ("", "pods"),
    ]

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        var contents = CaptureContents(title, tree)
        guard let nodes = ["nodes.json", "nodes.yaml"].first(where: tree.contains) else { return nil }
        contents.holdings = [
            .init(group: "", plural: "nodes", scope: .cluster, path: nodes, isComplete: true)
        ]
        var others: [String] = []
        for file in tree.files where file.path != nodes && !file.isLoose {
            let parts = file.path.split(separator: "/").map(String.init)
            if parts.count == 3, parts[2] == "logs.txt" {
                contents.podLogs["\(parts[0])/\(parts[1])"] = file.path
            } else if parts.count == 2, let list = Self.lists[fileStem(parts[1])], isObjectFile(parts[1]) {
                contents.holdings.append(
                    .init(
                        group: list.group, plural: list.plural, scope: .namespace(parts[0]), path: file.path,
                        isComplete: true))
            } else if parts.count <= 2, isObjectFile(file.path) {
                others.append(file.path)
            }
        }
        // Somebody's folder of saved lists may have a nodes.json too.
        guard contents.holdings.contains(where: { $0.plural == "events" || $0.plural == "replicationcontrollers" })
        else { return nil }
        contents.holdsAllNamespaces = CaptureContents.standardNamespaces.isSubset(of: contents.namespaces)
        contents.addLists(others, isOfAll: contents.holdsAllNamespaces ? true : nil)
        return contents
    }

    /// The container whose log begins behind this line.
    static func container(startingWith line: ArraySlice<UInt8>, namespace: String, pod: String) -> String? {
        guard line.starts(with: Array("==== START logs for container ".utf8)) else { return nil }
        let text = String(decoding: line, as: UTF8.self)
        let end = " of pod \(namespace)/\(pod) ===="
        guard text.hasSuffix(end) else { return nil }
        return String(text.dropFirst("==== START logs for container ".count).dropLast(end.count))
    }

    static func endMark(of container: String, namespace: String, pod: String) -> String {
        "==== END logs for container \(container) of pod \(namespace)/\(pod) ===="
    }
}

/// The name of a file without its folder and its last ending.
func fileStem(_ path: String) -> String {
    let name = lastPathComponent(path)
    return name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
}

func isObjectFile(_ path: String) -> Bool {
    [".json", ".yaml", ".yml"].contains(where: path.hasSuffix)
}
