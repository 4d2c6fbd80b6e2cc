internal import CEL
internal import Facts

/// What `kubectl cluster-info dump` prints where no folder is named: the same lists and logs behind each other.
///
/// Source: as ClusterInfoDump. kubectl indents its JSON, so that an object begins and ends with a brace at the margin.
struct ClusterInfoStream: CaptureReader {
    let name = "output of kubectl cluster-info dump"
    let looksBelow = false

    func contents(of tree: any CaptureTree, title: String) throws(Unknown) -> CaptureContents? {
        guard tree.files.count == 1, let file = tree.files.first, !file.isLoose,
            try tree.read(file.path, at: 0, count: 1) == [UInt8(ascii: "{")]
        else { return nil }
        var scanner = DumpScanner()
        try unsafe tree.stream(file.path, limit: ObjectFile.mostBytes) { piece in unsafe scanner.take(Array(piece)) }
        scanner.finish()
        guard scanner.ranges.keys.contains("nodes.json"), scanner.ranges.count > 1 else { return nil }
        return try ClusterInfoDump().contents(of: CaptureParts(of: file, in: tree, scanner.ranges), title: title)
    }
}

/// Parts of one file, each as a file of its own.
struct CaptureParts: CaptureTree {
    let files: [CaptureFile]
    private let base: any CaptureTree
    private let path: String
    private let ranges: [String: [Range<Int>]]

    init(of file: CaptureFile, in base: any CaptureTree, _ ranges: [String: [Range<Int>]]) {
        self.base = base
        self.ranges = ranges
        path = file.path
        files = ranges.map { name, ranges in
            CaptureFile(path: name, size: ranges.reduce(0) { $0 + $1.count }, modified: file.modified)
        }.sorted { $0.path < $1.path }
    }

    func read(_ path: String, at offset: Int, count: Int) throws(Unknown) -> [UInt8] {
        var bytes: [UInt8] = []
        var skipped = offset
        for range in ranges[path] ?? [] where bytes.count < count {
            let part = range.dropFirst(skipped).prefix(count - bytes.count)
            skipped = max(0, skipped - range.count)
            if !part.isEmpty { bytes += try base.read(self.path, at: part.lowerBound, count: part.count) }
        }
        return bytes
    }
}

/// Finds in the stream where the files stand that a folder would have, as it comes in.
private struct DumpScanner {
    private(set) var ranges: [String: [Range<Int>]] = [:]
    /// The lists since the last one of pods; all of one namespace, which the first object in them tells.
    private var block: [(name: String, range: Range<Int>)] = []
    private var namespace: String?
    private var reader = JSONListReader("items", reading: Projection(paths: ["metadata.namespace"]))
    private var isReadable = true
    /// The log that is passed by: where it belongs, and the line that ends it.
    private var log: (path: String, end: [UInt8])?
    /// Where the object or log begins, and where the bytes that wait for the end of their line do.
    private var start = 0
    private var position = 0
    private var waiting: [UInt8] = []

    private static let names = [
        "EventList": "events", "ReplicationControllerList": "replication-controllers", "ServiceList": "services",
        "DaemonSetList": "daemonsets", "DeploymentList": "deployments", "ReplicaSetList": "replicasets",
        "PodList": "pods",
    ]

    mutating func take(_ piece: [UInt8]) {
        let bytes = waiting + piece
        var (unread, line) = (0, 0)
        while let end = bytes[line...].firstIndex(of: UInt8(ascii: "\n")) {
            take(line: bytes[line..<end], upTo: end + 1, of: bytes, &unread)
            line = end + 1
        }
        read(bytes[unread..<line])
        waiting = Array(bytes[line...])
        position += line
    }

    mutating func finish() {
        if !waiting.isEmpty { take([UInt8(ascii: "\n")]) }
    }

    /// Few lines matter, and those begin at the margin.
    private mutating func take(
        line: ArraySlice<UInt8>, upTo end: Int, of bytes: [UInt8], _ unread: inout Int
    ) {
        switch (line.first, log) {
        case (UInt8(ascii: "="), let open?) where line.elementsEqual(open.end):
            ranges[open.path, default: []].append(start..<position + end)
            (log, unread, start) = (nil, end, position + end)
        case (UInt8(ascii: "="), nil):
            guard let started = Self.log(startingWith: line) else { return }
            (log, unread, start) = (started, end, position + line.startIndex)
            reader.restart()
        case (UInt8(ascii: "}"), nil) where line.count == 1:
            read(bytes[unread..<end])
            endObject(start..<position + end)
            (unread, start) = (end, position + end)
        default: return
        }
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>) {
        guard log == nil, isReadable, !bytes.isEmpty else { return }
        var found = namespace
        isReadable = unsafe bytes.withUnsafeBytes { bytes in
            (try? unsafe reader.take(bytes) { found = found ?? $0[field: "metadata"]?[field: "namespace"]?.text })
                != nil
        }
        namespace = found
    }

    private mutating func endObject(_ range: Range<Int>) {
        defer {
            reader.restart()
            isReadable = true
        }
        var found = namespace
        guard isReadable,
            let list = try? reader.finish({ found = found ?? $0[field: "metadata"]?[field: "namespace"]?.text }),
            let kind = list["kind"]?.text
        else { return }
        namespace = found
        if kind == "NodeList" { ranges["nodes.json"] = [range] }
        guard let name = Self.names[kind] else { return }
        block.append((name, range))
        guard kind == "PodList" else { return }
        // A namespace without any object is not named anywhere.
        if let namespace {
            for list in block { ranges["\(namespace)/\(list.name).json"] = [list.range] }
        }
        (block, namespace) = ([], nil)
    }

    private static func log(startingWith line: ArraySlice<UInt8>) -> (path: String, end: [UInt8])? {
        guard line.starts(with: Array("==== START logs for container ".utf8)) else { return nil }
        let words = String(decoding: line, as: UTF8.self).split(separator: " ").map(String.init)
        guard words.count == 10, let slash = words[8].firstIndex(of: "/") else { return nil }
        let (namespace, pod) = (String(words[8][..<slash]), String(words[8][words[8].index(after: slash)...]))
        let end = ClusterInfoDump.endMark(of: words[5], namespace: namespace, pod: pod)
        return ("\(namespace)/\(pod)/logs.txt", Array(end.utf8))
    }
}
