internal import Archives
internal import CEL
internal import Facts

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// A folder that somebody else's tool wrote, or a single file: whatever its links say, nothing outside of it is read.
struct CaptureFolder: CaptureTree {
    /// A cluster of many thousand pods gives a file for each container's log.
    static let mostFiles = 400_000
    static let mostDepth = 24

    /// Without links.
    private let root: String
    let files: [CaptureFile]
    let isSingleFile: Bool

    init(_ path: String) throws(Unknown) {
        guard let resolved = realPath(path) else { throw Unknown(errorNumber: errno, path: path) }
        var information = stat()
        guard unsafe stat(resolved, &information) == 0 else { throw Unknown(errorNumber: errno, path: path) }
        switch information.st_mode & S_IFMT {
        case S_IFREG:
            let name = lastPathComponent(resolved)
            root = String(resolved.dropLast(name.utf8.count + 1))
            files = [CaptureFile(path: name, information)]
            isSingleFile = true
        case S_IFDIR:
            var walk = FolderWalk(root: resolved)
            try walk.visit("", depth: 0)
            root = resolved
            files = walk.files.sorted { $0.path < $1.path }
            isSingleFile = false
        default: throw Unknown(.malformed, "\(path) is neither a folder nor a regular file")
        }
    }

    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8] {
        let descriptor = try opened(path, limit: limit)
        defer { close(descriptor) }
        return try SystemEffects.readAll(descriptor, path: path, limit: limit)
    }

    func read(_ path: String, at offset: Int, count: Int) throws(Unknown) -> [UInt8] {
        let descriptor = try opened(path, limit: .max)
        defer { close(descriptor) }
        return try readPart(
            descriptor, at: offset, count: count, else: { Unknown(errorNumber: errno, path: path) })
    }

    private func opened(_ path: String, limit: Int) throws(Unknown) -> Int32 {
        // Between the walk and now a link may have come: the place is resolved again, and its last part is no link.
        guard let place = realPath(root + "/" + path), place.hasPrefix(root + "/") else {
            throw Unknown(.notFound, "\(path) is not in the capture")
        }
        let descriptor = unsafe open(place, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unknown(errorNumber: errno, path: path) }
        var information = stat()
        guard unsafe fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw Unknown(.malformed, "\(path) is not a regular file")
        }
        guard Int(information.st_size) <= limit else {
            close(descriptor)
            throw Unknown(.truncated, "\(path) has \(information.st_size) bytes, more than the limit of \(limit)")
        }
        return descriptor
    }
}

/// Collects the regular files below a folder; a link counts as the file it leads to, if that is below the folder too.
private struct FolderWalk {
    let root: String
    var files: [CaptureFile] = []

    mutating func visit(_ folder: String, depth: Int) throws(Unknown) {
        guard depth <= CaptureFolder.mostDepth else {
            throw Unknown(.malformed, "\(root)\(folder) is more than \(CaptureFolder.mostDepth) folders deep")
        }
        for name in try SystemEffects.names(in: root + folder) {
            let path = folder + "/" + name
            var information = stat()
            guard unsafe lstat(root + path, &information) == 0 else { continue }
            switch information.st_mode & S_IFMT {
            case S_IFDIR: try visit(path, depth: depth + 1)
            case S_IFREG: try add(path, information)
            case S_IFLNK:
                var target = stat()
                if let place = realPath(root + path), place.hasPrefix(root + "/"),
                    unsafe lstat(place, &target) == 0, target.st_mode & S_IFMT == S_IFREG
                {
                    try add(path, target)
                } else {
                    try add(path, information, isLoose: true)
                }
            default: continue
            }
        }
    }

    private mutating func add(_ path: String, _ information: stat, isLoose: Bool = false) throws(Unknown) {
        guard files.count < CaptureFolder.mostFiles else {
            throw Unknown(.truncated, "\(root) has more than \(CaptureFolder.mostFiles) files")
        }
        var file = CaptureFile(path: String(path.dropFirst()), information)
        file.isLoose = isLoose
        files.append(file)
    }
}

extension CaptureFile {
    fileprivate init(path: String, _ information: stat) {
        self.init(
            path: path, size: Int(information.st_size), modified: Timestamp(seconds: Int64(information.st_mtim.tv_sec)))
    }
}

/// The path without links; `nil` where there is nothing.
private func realPath(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
}
