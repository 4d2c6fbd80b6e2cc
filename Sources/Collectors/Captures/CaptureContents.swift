internal import CEL
internal import Facts
internal import Synchronization

/// What a capture holds and where, as its reader found it: which lists are complete, for which namespaces.
///
/// What is not held is unknown, with a reason that says so. Absence is claimed over complete lists only.
struct CaptureContents: Sendable {
    /// Objects of one resource in one file.
    struct Holding: Sendable {
        enum Scope: Sendable, Hashable {
            case cluster
            case namespace(String)
            case allNamespaces
        }

        var group: String
        var plural: String
        var scope: Scope
        var path: String
        /// Whether these are all objects of the scope, and not some that somebody picked.
        var isComplete: Bool
    }

    struct LogKey: Sendable, Hashable {
        var namespace: String
        var pod: String
        var container: String
        var isPrevious = false
    }

    /// Such as `kubectl cluster-info dump ./dump`, for sentences that begin with "the".
    var title: String
    let tree: any CaptureTree
    var holdings: [Holding] = []
    /// Whether every namespace of the cluster was looked at.
    var holdsAllNamespaces = false
    /// Files that hold one container's log each.
    var logs: [LogKey: String] = [:]
    /// By `namespace/pod`: files with the logs of all its containers, whose names only the marks in the file tell.
    var podLogs: [String: String] = [:]
    /// A file with the answer of `/version`, or with an object whose `info` is it.
    var versionPath: String?
    var node: NodeTree?
    /// Where the capture itself says when it was taken.
    var collectedAt: Timestamp?
    /// Files that should hold objects and cannot be read, each with the reason.
    var unreadable: [String] = []
    /// Files of so many bytes are not taken into memory as a whole.
    var streamedFrom = 1 << 20
    private let cache = ObjectFileCache()

    init(_ title: String, _ tree: any CaptureTree) {
        self.title = title
        self.tree = tree
    }

    /// Those that something is held of, sorted.
    var namespaces: [String] {
        Set(
            holdings.compactMap { holding in
                if case .namespace(let name) = holding.scope, holding.isComplete { name } else { nil }
            }
        ).sorted()
    }

    /// These exist in every cluster, and nobody picks all four by hand (`kubectl cluster-info dump -A` writes them).
    static let standardNamespaces: Set = ["default", "kube-node-lease", "kube-public", "kube-system"]

    func notHeld(_ what: String, hint: String = "") -> Unknown {
        Unknown(.notCollected, "the \(title) does not hold \(what)", hint: hint)
    }
}

extension CaptureContents {
    /// Where a resource that is not well known would be served, if this holds any of it.
    func location(of name: ResourceName) throws(Unknown) -> ResourceLocation {
        let held = holdings.first { $0.plural == name.plural && (name.group == nil || $0.group == name.group) }
        let full = name.plural + (name.group.map { $0.isEmpty ? "" : ".\($0)" } ?? "")
        guard let held else { throw notHeld(full) }
        var version: String?
        let found = try ObjectStream.read(held.path, in: tree, reading: .nothing) { _, type in
            version = version ?? type?.version
            return nil
        }
        version = found.listType?.version ?? version
        return ResourceLocation(
            group: held.group, version: version ?? "v1", plural: held.plural, isNamespaced: held.scope != .cluster)
    }

    /// All objects of a resource in a namespace (empty: in all of them), with what is read of each, or the reason why that
    /// cannot be said.
    func objects(
        of location: ResourceLocation, namespace: String, reading projection: Projection,
        where selectors: ObjectSelectors? = nil, named name: String? = nil
    ) throws(Unknown) -> [Value] {
        let held = holdings.filter { $0.plural == location.plural && $0.group == location.group }
        let complete = held.filter(\.isComplete)
        guard !complete.isEmpty else {
            throw notHeld(held.isEmpty ? location.fullName : "a whole list of \(location.fullName), only some of them")
        }
        let wanted = WantedObjects(
            location: location, namespace: namespace, name: name, selectors: selectors, reading: projection)
        var items: [Value] = []
        for holding in try covering(location, namespace, complete) { items += try self.items(wanted, in: holding) }
        return items
    }

    /// One object: `nil` where a complete list does not have it.
    func object(of location: ResourceLocation, namespace: String, name: String) throws(Unknown) -> Value? {
        let held = holdings.filter {
            $0.plural == location.plural && $0.group == location.group && !$0.isComplete
                && (namespace.isEmpty || $0.scope == .namespace(namespace))
        }
        // Which namespace these are of their place says.
        let wanted = WantedObjects(location: location, name: name)
        for holding in held {
            if let item = try items(wanted, in: holding).first { return item }
        }
        return try objects(of: location, namespace: namespace, reading: .whole, named: name).first
    }

    /// The files that together hold every object that is asked for.
    private func covering(
        _ location: ResourceLocation, _ namespace: String, _ complete: [Holding]
    ) throws(Unknown) -> [Holding] {
        guard location.isNamespaced else { return complete }
        if !namespace.isEmpty {
            let own = complete.filter { $0.scope == .namespace(namespace) }
            if !own.isEmpty { return own }
        }
        let everywhere = complete.filter { $0.scope == .allNamespaces }
        if !everywhere.isEmpty { return everywhere }
        guard namespace.isEmpty else { throw notHeld("\(location.fullName) of the namespace \(namespace)") }
        let looked = Set(namespaces.filter { name in complete.contains { $0.scope == .namespace(name) } })
        if holdsAllNamespaces, looked.isSuperset(of: namespaces) { return complete }
        let some = looked.sorted().prefix(8).joined(separator: ", ") + (looked.count > 8 ? " …" : "")
        throw notHeld(
            "\(location.fullName) of all namespaces, only of \(some)", hint: "look at one of them: -n NAMESPACE")
    }

    /// Of a file that is large the objects are read one after the other, others are kept for the next to ask.
    private func items(_ wanted: WantedObjects, in holding: Holding) throws(Unknown) -> [Value] {
        var items: [Value] = []
        var (otherVersion, saysNoType): (String?, Bool) = (nil, false)
        func take(_ object: Value, _ type: ObjectType?) -> Value? {
            guard type.map(wanted.covers) ?? true else { return nil }
            otherVersion = otherVersion ?? type.flatMap(wanted.otherVersion)
            saysNoType = saysNoType || type == nil
            return wanted.selects(object) ? object.reduced(to: wanted.reading) : nil
        }
        if (tree.file(holding.path)?.size ?? 0) < streamedFrom {
            for part in try objectFile(holding.path).parts {
                for item in part.items { if let kept = take(item, part.type(of: item)) { items.append(kept) } }
            }
        } else {
            let found = try ObjectStream.read(holding.path, in: tree, reading: wanted.needs, keep: take)
            // What its objects do not say of themselves, their list may say at its end.
            let fits = found.listType.map(wanted.covers) ?? true
            items = found.objects.compactMap { $0.saysType || fits ? $0.value : nil }
            if fits, saysNoType { otherVersion = otherVersion ?? found.listType.flatMap(wanted.otherVersion) }
        }
        // Another version has other fields: what is absent there says nothing.
        if let otherVersion {
            let (name, version) = (wanted.location.fullName, wanted.location.version)
            throw notHeld("\(name) in the version \(version), only in \(otherVersion)")
        }
        return items
    }

    func objectFile(_ path: String) throws(Unknown) -> ObjectFile {
        if let file = cache[path] { return file }
        let bytes = try tree.read(path, limit: ObjectFile.mostBytes)
        let file = try ObjectFile(bytes, path: path)
        cache.keep(file, path, size: bytes.count)
        return file
    }
}

extension CaptureContents {
    /// The whole log of a container; the container need not be named where only one has a log.
    func log(namespace: String, pod: String, container: String?, isPrevious: Bool) throws(Unknown) -> [UInt8] {
        let which = "\(isPrevious ? "the previous log" : "the log") of the pod \(namespace)/\(pod)"
        if let path = podLogs["\(namespace)/\(pod)"], !isPrevious {
            return try logBetweenMarks(path, namespace: namespace, pod: pod, container: container, which: which)
        }
        let found = logs.filter {
            $0.key.namespace == namespace && $0.key.pod == pod && $0.key.isPrevious == isPrevious
                && (container == nil || $0.key.container == container)
        }
        guard let path = found.first?.value, found.count == 1 else {
            throw found.isEmpty
                ? notHeld(which)
                : Unknown(.malformed, "the pod \(namespace)/\(pod) has several containers: name one of them")
        }
        return try tree.read(path, limit: 256 << 20)
    }

    /// kubectl writes the logs of a pod's containers into one file, each between two marks.
    private func logBetweenMarks(
        _ path: String, namespace: String, pod: String, container: String?, which: String
    ) throws(Unknown) -> [UInt8] {
        let lines = try tree.read(path, limit: 256 << 20).split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let starts = lines.indices.compactMap { index -> (index: Int, container: String)? in
            ClusterInfoDump.container(startingWith: lines[index], namespace: namespace, pod: pod).map { (index, $0) }
        }
        let wanted = starts.filter { container == nil || $0.container == container }
        guard let start = wanted.first else { throw notHeld(which) }
        guard wanted.count == 1 else {
            throw Unknown(.malformed, "the pod \(namespace)/\(pod) has several containers: name one of them")
        }
        let end = Array(ClusterInfoDump.endMark(of: start.container, namespace: namespace, pod: pod).utf8)
        let body = lines[(start.index + 1)...].prefix { !$0.elementsEqual(end) }
        return Array(body.joined(separator: [UInt8(ascii: "\n")]))
    }

    /// What `/version` answered.
    func version() throws(Unknown) -> Value {
        guard let path = versionPath else { throw notHeld("the server's version") }
        let bytes = try tree.read(path, limit: 1 << 20)
        do throws(JSONError) {
            let document = try Value.parseJSON(bytes)
            return document[field: "info"] ?? document
        } catch {
            throw Unknown(.malformed, "\(path):\(error)")
        }
    }
}

/// Files that were read already: several playbooks ask for the same list with other selectors.
private final class ObjectFileCache: Sendable {
    /// Of text; what is larger is read again each time.
    private static let mostBytes = 16 << 20
    private let kept = Mutex<(files: [String: ObjectFile], bytes: Int)>(([:], 0))

    subscript(path: String) -> ObjectFile? { kept.withLock { $0.files[path] } }

    func keep(_ file: ObjectFile, _ path: String, size: Int) {
        kept.withLock { kept in
            guard kept.bytes + size <= Self.mostBytes, kept.files[path] == nil else { return }
            kept.files[path] = file
            kept.bytes += size
        }
    }
}
