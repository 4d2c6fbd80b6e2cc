internal import Archives
internal import CEL
internal import Facts

/// The files of a capture, by their paths below its root.
protocol CaptureTree: Sendable {
    /// Sorted by path.
    var files: [CaptureFile] { get }
    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8]
    /// The bytes from there on, as many as there are up to the count.
    func read(_ path: String, at offset: Int, count: Int) throws(Unknown) -> [UInt8]
}

struct CaptureFile: Sendable, Hashable {
    /// Without a slash in front.
    var path: String
    var size: Int
    var modified: Timestamp
    /// A link that leads nowhere, out of the capture, or to a folder: it has a name and no content.
    var isLoose = false
}

extension CaptureTree {
    /// Of a tree that knows before reading how large its files are.
    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8] {
        guard let file = file(path) else { throw Unknown(.notFound, "\(path) is not in the capture") }
        guard file.size <= limit else {
            throw Unknown(.truncated, "\(path) has \(file.size) bytes, more than the limit of \(limit)")
        }
        return try read(path, at: 0, count: file.size)
    }

    /// The whole file, piece by piece.
    func stream(
        _ path: String, limit: Int, _ use: (UnsafeRawBufferPointer) throws(Unknown) -> Void
    ) throws(Unknown) {
        var offset = 0
        while true {
            let piece = try read(path, at: offset, count: 1 << 20)
            guard !piece.isEmpty else { return }
            offset += piece.count
            guard offset <= limit else {
                throw Unknown(.truncated, "\(path) has more than the limit of \(limit) bytes")
            }
            try unsafe hand(piece, piece.count, use)
        }
    }

    func contains(_ path: String) -> Bool { file(path).map { !$0.isLoose } ?? false }

    func file(_ path: String) -> CaptureFile? {
        let index = files.partitioningIndex { $0.path >= path }
        return index < files.count && files[index].path == path ? files[index] : nil
    }

    /// What stands in a folder: the folder's own path ends with a slash, or is empty.
    func files(under folder: String) -> ArraySlice<CaptureFile> {
        let start = files.partitioningIndex { $0.path >= folder }
        let end = files[start...].firstIndex { !$0.path.hasPrefix(folder) } ?? files.endIndex
        return files[start..<end]
    }

    /// The names in a folder, files and folders alike, sorted.
    func names(in folder: String) -> [String] {
        var names: [String] = []
        for file in files(under: folder) {
            let name = String(file.path.dropFirst(folder.count).prefix { $0 != "/" })
            if names.last != name { names.append(name) }
        }
        // A file `a` and a folder `a` cannot both be; `a-b` sorts between `a` and `a/`.
        return Set(names).sorted()
    }

    func text(_ path: String, limit: Int = 16 << 20) throws(Unknown) -> String {
        String(decoding: try read(path, limit: limit), as: UTF8.self)
    }

    var newest: Timestamp? { files.map(\.modified).max { $0.seconds < $1.seconds } }
}

/// The part of a capture that stands in one of its folders: tools wrap what they write in folders of their own.
struct CaptureSubtree: CaptureTree {
    let base: any CaptureTree
    /// Ends with a slash.
    let folder: String
    let files: [CaptureFile]

    init(_ base: any CaptureTree, _ folder: String) {
        self.base = base
        self.folder = folder
        files = base.files(under: folder).map {
            CaptureFile(
                path: String($0.path.dropFirst(folder.count)), size: $0.size, modified: $0.modified,
                isLoose: $0.isLoose)
        }
    }

    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8] { try base.read(folder + path, limit: limit) }

    func read(_ path: String, at offset: Int, count: Int) throws(Unknown) -> [UInt8] {
        try base.read(folder + path, at: offset, count: count)
    }
}

extension Array {
    /// The first index whose element fulfils what all later ones fulfil too.
    fileprivate func partitioningIndex(where belongsRight: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if belongsRight(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
