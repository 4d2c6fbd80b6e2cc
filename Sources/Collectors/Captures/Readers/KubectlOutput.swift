internal import CEL
internal import Facts

/// A file, or a folder of files, with what `kubectl get -o json` or `-o yaml` printed.
///
/// A list that has objects of several namespaces was made with `-A`, and so, it is taken, were the lists beside it. Else
/// a list is one of the namespace of its objects. Lists in a folder named like a namespace are that namespace's. A single
/// object says nothing about others.
struct KubectlOutput: CaptureReader {
    let name = "output of kubectl get"
    let looksBelow = false

    /// What an empty `List` is of can only be told by the file's name.
    private static let shortNames = [
        "hpa": "horizontalpodautoscalers", "po": "pods", "deploy": "deployments", "rs": "replicasets",
        "sts": "statefulsets", "ds": "daemonsets", "svc": "services", "ep": "endpoints", "cm": "configmaps",
        "ev": "events", "ns": "namespaces", "no": "nodes", "pv": "persistentvolumes",
        "pvc": "persistentvolumeclaims", "quota": "resourcequotas", "limits": "limitranges", "sa": "serviceaccounts",
        "ing": "ingresses", "netpol": "networkpolicies", "pdb": "poddisruptionbudgets", "sc": "storageclasses",
        "crd": "customresourcedefinitions", "cj": "cronjobs", "rc": "replicationcontrollers",
    ]

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        let paths = tree.files.filter { !$0.isLoose && isObjectFile($0.path) }.map(\.path)
        // Anything else may stand in a folder that somebody names by mistake: a home has a million files.
        guard !paths.isEmpty, paths.count <= 10_000 else { return nil }
        var contents = CaptureContents(title, tree)
        contents.addLists(paths, isOfAll: nil)
        guard !contents.holdings.isEmpty else { return nil }
        contents.holdsAllNamespaces = contents.holdings.contains { $0.scope == .allNamespaces }
        return contents
    }

    fileprivate static func savedLists(in path: String, _ tree: any CaptureTree) throws(Unknown) -> [SavedList] {
        var lists: [ObjectType: SavedList] = [:]
        /// Of the objects of which only the list can say what they are.
        var others: SavedList?
        let namespaces = Projection(paths: ["metadata.namespace"])
        let found = try ObjectStream.read(path, in: tree, reading: namespaces) { object, type in
            let namespace = object[field: "metadata"]?[field: "namespace"]?.text
            if let type {
                lists[type, default: SavedList(type, path: path, isWhole: true)].add(namespace)
            } else {
                others = others ?? SavedList(ObjectType(plural: "", apiVersion: ""), path: path, isWhole: true)
                others?.add(namespace)
            }
            return nil
        }
        if let type = found.listType, var list = others {
            list.type = type
            lists[type] = lists[type].map { $0.union(list) } ?? list
        } else if lists.isEmpty, others == nil, found.isList, let type = found.listType ?? namedType(path) {
            lists[type] = SavedList(type, path: path, isWhole: true)
        }
        if !found.isList { for type in lists.keys { lists[type]?.isWhole = false } }
        return lists.values.sorted { $0.type.kind < $1.type.kind }
    }

    private static func namedType(_ path: String) -> ObjectType? {
        let stem = fileStem(path).lowercased()
        guard let name = ResourceName(shortNames[stem] ?? stem), let known = ResourceLocation.wellKnown(name) else {
            return nil
        }
        return ObjectType(plural: known.plural, apiVersion: known.groupVersion)
    }
}

extension CaptureContents {
    /// Adds what the files hold; one that cannot be read as JSON or YAML is told.
    /// - Parameter isOfAll: Whether lists at the top are of all namespaces; `nil`: the lists themselves tell.
    mutating func addLists(_ paths: [String], isOfAll: Bool?) {
        var lists: [SavedList] = []
        for path in paths {
            do throws(Unknown) { lists += try KubectlOutput.savedLists(in: path, tree) } catch {
                unreadable.append(error.detail)
            }
        }
        let isOfAll = isOfAll ?? lists.contains { $0.isAtTop && $0.namespaces.count > 1 }
        holdings += lists.compactMap { $0.holding(isOfAll: isOfAll) }
    }
}

/// The objects of one kind in one file.
private struct SavedList: Sendable {
    var type: ObjectType
    var path: String
    /// `false`: single objects that somebody picked.
    var isWhole: Bool
    var namespaces: Set<String> = []
    var hasClusterObjects = false

    init(_ type: ObjectType, path: String, isWhole: Bool) {
        self.type = type
        self.path = path
        self.isWhole = isWhole
    }

    mutating func add(_ namespace: String?) {
        if let namespace { namespaces.insert(namespace) } else { hasClusterObjects = true }
    }

    func union(_ other: SavedList) -> SavedList {
        var both = self
        both.namespaces.formUnion(other.namespaces)
        both.hasClusterObjects = hasClusterObjects || other.hasClusterObjects
        return both
    }

    var isAtTop: Bool { !path.contains("/") }

    /// `nil` where it cannot be told of which namespaces the list is.
    func holding(isOfAll: Bool) -> CaptureContents.Holding? {
        guard let scope = scope(isOfAll: isOfAll) else { return nil }
        return .init(group: type.group, plural: type.plural, scope: scope, path: path, isComplete: isWhole)
    }

    private func scope(isOfAll: Bool) -> CaptureContents.Holding.Scope? {
        let known = ResourceName("\(type.plural).\(type.group)").flatMap { ResourceLocation.wellKnown($0) }
        if hasClusterObjects && namespaces.isEmpty || known?.isNamespaced == false { return .cluster }
        let parts = path.split(separator: "/")
        let folder = parts.count > 1 ? String(parts[parts.count - 2]) : ""
        if !folder.isEmpty, namespaces.isEmpty || namespaces == [folder] { return .namespace(folder) }
        if !isWhole { return namespaces.first.map { .namespace($0) } }
        if namespaces.count > 1 || isOfAll && isAtTop { return .allNamespaces }
        return namespaces.first.map { .namespace($0) }
    }
}
