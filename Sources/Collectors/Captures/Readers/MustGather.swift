internal import CEL
internal import Facts

/// What `oc adm must-gather` and `oc adm inspect` write.
///
/// Source: openshift/must-gather (`collection-scripts/gather`) and openshift/oc (`pkg/cli/admin/inspect`): lists in
/// `cluster-scoped-resources/GROUP/PLURAL.yaml` and `namespaces/NS/GROUP/PLURAL.yaml`, or a file for each object in
/// `…/PLURAL/NAME.yaml`; the core group is called `core`; logs are
/// `namespaces/NS/pods/POD/CONTAINER/CONTAINER/logs/current.log`. Only some namespaces are gathered.
struct MustGather: CaptureReader {
    let name = "OpenShift must-gather"
    let looksBelow = true

    /// Gathered as a whole, one file for each object; of other resources only those that an operator names.
    private static let wholeGroups: Set = [
        "nodes", "persistentvolumes", "storageclasses", "volumeattachments", "csidrivers", "csinodes",
        "clusteroperators", "clusterversions", "certificatesigningrequests", "mutatingwebhookconfigurations",
        "validatingwebhookconfigurations",
    ]

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        guard !tree.files(under: "cluster-scoped-resources/").isEmpty || Self.hasNamespaces(tree) else { return nil }
        var contents = CaptureContents(title, tree)
        for file in tree.files where !file.isLoose {
            let parts = file.path.split(separator: "/").map(String.init)
            switch parts.first {
            case "cluster-scoped-resources":
                if let holding = Self.holding(Array(parts.dropFirst()), .cluster, path: file.path) {
                    contents.holdings.append(holding)
                }
            case "namespaces" where parts.count > 2:
                contents.addNamespaced(parts, path: file.path)
            default: continue
            }
        }
        return contents
    }

    private static func hasNamespaces(_ tree: any CaptureTree) -> Bool {
        tree.files(under: "namespaces/").contains { $0.path.contains("/core/") }
    }

    /// `GROUP/PLURAL.yaml` or `GROUP/PLURAL/NAME.yaml`.
    fileprivate static func holding(
        _ parts: [String], _ scope: CaptureContents.Holding.Scope, path: String
    ) -> CaptureContents.Holding? {
        guard isObjectFile(path), parts.count == 2 || parts.count == 3 else { return nil }
        let plural = parts.count == 2 ? fileStem(parts[1]) : parts[1]
        return .init(
            group: parts[0] == "core" ? "" : parts[0], plural: plural, scope: scope, path: path,
            isComplete: parts.count == 2 || scope == .cluster && wholeGroups.contains(plural))
    }

    /// The file `timestamp`: the times of begin and end, as Go prints them.
    static func time(in tree: any CaptureTree) -> Timestamp? {
        let path = tree.contains("timestamp") ? "timestamp" : "timestamp.txt"
        guard tree.contains(path), let text = try? tree.text(path, limit: 1 << 16) else { return nil }
        let words = text.split(separator: "\n").last?.split(separator: " ") ?? []
        guard words.count >= 3, words[2] == "+0000" else { return nil }
        return Timestamp(rfc3339: "\(words[0])T\(words[1])Z")
    }
}

extension CaptureContents {
    fileprivate mutating func addNamespaced(_ parts: [String], path: String) {
        let namespace = parts[1]
        let rest = Array(parts.dropFirst(2))
        // pods/POD/CONTAINER/CONTAINER/logs/current.log
        if rest.first == "pods", rest.count == 6, rest[4] == "logs" {
            guard ["current.log", "previous.log"].contains(rest[5]) else { return }
            logs[
                LogKey(
                    namespace: namespace, pod: rest[1], container: rest[2], isPrevious: rest[5] == "previous.log")] =
                path
        } else if rest.first == "pods", rest.count == 3, rest[2] == "\(rest[1]).yaml" {
            holdings.append(
                .init(group: "", plural: "pods", scope: .namespace(namespace), path: path, isComplete: false))
        } else if let holding = MustGather.holding(rest, .namespace(namespace), path: path) {
            holdings.append(holding)
        }
    }
}
