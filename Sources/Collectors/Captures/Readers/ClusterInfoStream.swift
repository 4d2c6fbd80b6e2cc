internal import CEL
internal import Facts

/// What `kubectl cluster-info dump` prints where no folder is named: the same lists and logs behind each other.
///
/// Source: as ClusterInfoDump. kubectl indents its JSON, so that an object begins and ends with a brace at the margin.
struct ClusterInfoStream: CaptureReader {
    let name = "output of kubectl cluster-info dump"
    let looksBelow = false

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        guard tree.files.count == 1, let file = tree.files.first, !file.isLoose else { return nil }
        let bytes = try tree.read(file.path, limit: ObjectFile.mostBytes)
        guard bytes.first == UInt8(ascii: "{") else { return nil }
        let dump = DumpStream(bytes, modified: file.modified)
        guard dump.files.keys.contains("nodes.json"), dump.files.count > 1 else { return nil }
        return try ClusterInfoDump().contents(of: CaptureMemory(dump.files, modified: file.modified), title: title)
    }
}

/// Files in memory.
struct CaptureMemory: CaptureTree {
    let files: [CaptureFile]
    private let contents: [String: [UInt8]]

    init(_ contents: [String: [UInt8]], modified: Timestamp) {
        self.contents = contents
        files = contents.map { CaptureFile(path: $0.key, size: $0.value.count, modified: modified) }
            .sorted { $0.path < $1.path }
    }

    /// The last of equal paths counts, as with tar.
    init(_ entries: [(file: CaptureFile, content: [UInt8])]) {
        contents = Dictionary(
            entries.filter { !$0.file.isLoose }.map { ($0.file.path, $0.content) }, uniquingKeysWith: { $1 })
        files = Dictionary(entries.map { ($0.file.path, $0.file) }, uniquingKeysWith: { $1 }).values
            .sorted { $0.path < $1.path }
    }

    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8] {
        guard let bytes = contents[path] else { throw Unknown(.notFound, "\(path) is not in the capture") }
        guard bytes.count <= limit else {
            throw Unknown(.truncated, "\(path) has \(bytes.count) bytes, more than the limit of \(limit)")
        }
        return bytes
    }
}

/// Cuts the stream into the files that a folder would have.
private struct DumpStream {
    private(set) var files: [String: [UInt8]] = [:]
    /// The lists since the last one of pods; all of one namespace, which the first object in them tells.
    private var block: [(name: String, bytes: [UInt8])] = []
    private var namespace: String?

    private static let names = [
        "EventList": "events", "ReplicationControllerList": "replication-controllers", "ServiceList": "services",
        "DaemonSetList": "daemonsets", "DeploymentList": "deployments", "ReplicaSetList": "replicasets",
        "PodList": "pods",
    ]

    init(_ bytes: [UInt8], modified: Timestamp) {
        var (object, log): ([UInt8], [UInt8]) = ([], [])
        var place: (namespace: String, pod: String, end: [UInt8])?
        for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            if let current = place {
                log += line + [UInt8(ascii: "\n")]
                guard line.elementsEqual(current.end) else { continue }
                files["\(current.namespace)/\(current.pod)/logs.txt", default: []] += log
                (place, log) = (nil, [])
            } else if let started = Self.log(startingWith: line) {
                place = started
                log = line + [UInt8(ascii: "\n")]
            } else {
                object += line + [UInt8(ascii: "\n")]
                guard line.elementsEqual([UInt8(ascii: "}")]) else { continue }
                add(object)
                object = []
            }
        }
    }

    private mutating func add(_ bytes: [UInt8]) {
        guard let list = try? Value.parseJSON(bytes, limits: JSONLimits(bytes: ObjectFile.mostBytes)),
            let kind = list[field: "kind"]?.text
        else { return }
        if kind == "NodeList" { files["nodes.json"] = bytes }
        guard let name = Self.names[kind] else { return }
        block.append((name, bytes))
        namespace = namespace ?? list[field: "items"]?.elements?.first?[field: "metadata"]?[field: "namespace"]?.text
        guard kind == "PodList" else { return }
        // A namespace without any object is not named anywhere.
        if let namespace {
            for list in block { files["\(namespace)/\(list.name).json"] = list.bytes }
        }
        (block, namespace) = ([], nil)
    }

    private static func log(
        startingWith line: ArraySlice<UInt8>
    ) -> (namespace: String, pod: String, end: [UInt8])? {
        guard line.starts(with: Array("==== START logs for container ".utf8)) else { return nil }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 10, let slash = words[8].firstIndex(of: "/") else { return nil }
        let (namespace, pod) = (String(words[8][..<slash]), String(words[8][words[8].index(after: slash)...]))
        let end = ClusterInfoDump.endMark(of: words[5], namespace: namespace, pod: pod)
        return (namespace, pod, Array(end.utf8))
    }
}
