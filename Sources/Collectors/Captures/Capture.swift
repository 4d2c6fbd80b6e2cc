package import CEL
package import Facts

/// What another tool collected, opened to be diagnosed as if it were here.
package struct Capture: Sendable {
    let contents: CaptureContents
    /// What it is and where, for people: `kubectl cluster-info dump ./dump`.
    package var title: String { contents.title }
    /// When it was taken: the capture says so, or its newest file does.
    package let collectedAt: Timestamp
    /// The namespaces that it holds whole lists of.
    package var namespaces: [String] { contents.holdsAllNamespaces ? [] : contents.namespaces }

    /// What cannot be read in it, each with the reason.
    package var unreadable: [String] { contents.unreadable }

    /// What it holds, for people: resources with where they are from.
    package var summary: [(what: String, scope: String)] {
        var scopes: [String: Set<String>] = [:]
        for holding in contents.holdings {
            let name = holding.group.isEmpty ? holding.plural : "\(holding.plural).\(holding.group)"
            let place =
                switch holding.scope {
                case .cluster: "the cluster"
                case .allNamespaces: "all namespaces"
                case .namespace(let namespace): namespace
                }
            scopes[name, default: []].insert(holding.isComplete ? place : "single objects")
        }
        var summary = scopes.sorted { $0.key < $1.key }.map {
            (what: $0.key, scope: $0.value.sorted().joined(separator: ", "))
        }
        let logs = contents.logs.count + contents.podLogs.count
        if logs > 0 { summary.append(("logs", "\(logs) files")) }
        if contents.versionPath != nil { summary.append(("version", "of the server")) }
        if contents.node != nil { summary.append(("files of a node", "\(contents.tree.files.count)")) }
        return summary
    }

    /// Recognises what stands at the path by its content.
    package static func open(_ path: String) throws(Unknown) -> Capture {
        let folder = try CaptureFolder(path)
        if folder.isSingleFile, let archive = try CaptureArchive.open(path) { return try open(archive, path: path) }
        return try open(folder, path: path)
    }

    static func open(_ tree: any CaptureTree, path: String) throws(Unknown) -> Capture {
        for reader in CaptureReaders.all {
            for root in roots(of: tree) where root.isEmpty || reader.looksBelow {
                let part: any CaptureTree = root.isEmpty ? tree : CaptureSubtree(tree, root)
                guard var contents = try reader.contents(of: part, title: "\(reader.name) \(path)") else { continue }
                contents.collectedAt = contents.collectedAt ?? MustGather.time(in: tree) ?? tree.newest
                return Capture(contents: contents, collectedAt: contents.collectedAt ?? Timestamp(seconds: 0))
            }
        }
        throw Unknown(
            .malformed,
            "\(path) is nothing that triage can read: neither its own snapshot nor any of "
                + CaptureReaders.all.map(\.name).joined(separator: ", "))
    }

    /// The folder itself and those in it, two levels down: tools wrap what they write in folders with a date.
    private static func roots(of tree: any CaptureTree) -> [String] {
        var roots = [""]
        for level in [roots, tree.names(in: "").map { $0 + "/" }] {
            for folder in level.prefix(64) {
                roots += tree.names(in: folder).prefix(64).map { folder + $0 + "/" }
            }
        }
        var seen: Set<String> = []
        return roots.filter { seen.insert($0).inserted }
    }

    /// The world as this capture shows it.
    ///
    /// A dump of one namespace and kube-system, kubectl's default, is looked at in that one where nobody says which.
    package func surroundings(text: String, namespace: String?, now: Timestamp?) -> Surroundings {
        Surroundings(
            homeDirectory: "/root", selection: Surroundings.Selection(namespace: namespace ?? ownNamespace),
            text: text, now: now ?? collectedAt, effects: CaptureEffects(contents: contents), capture: title)
    }

    /// The one namespace beside kube-system that it holds.
    package var ownNamespace: String? {
        let own = namespaces.filter { $0 != "kube-system" }
        return own.count == 1 ? own[0] : nil
    }
}

/// Recognises the captures of one tool.
protocol CaptureReader: Sendable {
    /// What its captures are called: `kubectl cluster-info dump`.
    var name: String { get }
    /// Whether it is looked for in the folders of a folder too.
    var looksBelow: Bool { get }
    /// `nil` where the files are not this tool's.
    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents?
}

/// The tools whose captures can be read, the most particular first; a new one is a file of its own and one line here.
enum CaptureReaders {
    static let all: [any CaptureReader] = [
        TroubleshootBundle(),
        MustGather(),
        ClusterInfoDump(),
        ClusterInfoStream(),
        SosReport(),
        KubectlOutput(),
    ]
}
