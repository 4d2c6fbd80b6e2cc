internal import FoundationEssentials
internal import Glibc

/// A file or a stream that could not be read or written, for people.
struct FileFailure: Error, CustomStringConvertible {
    var description: String
}

/// What commands read and write for the person: the pasted text, and what `-o` names.
enum Files {
    /// A text that a person gives is read up to here; a log may be long.
    static let mostTextBytes = 1 << 30

    static func read(_ path: String, limit: Int = mostTextBytes) throws(FileFailure) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(description: "\(path): \(lastError())") }
        defer { close(descriptor) }
        return try read(descriptor, name: path, limit: limit)
    }

    static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    /// The first bytes of a file.
    static func start(of path: String, count: Int) throws(FileFailure) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileFailure(description: "\(path): \(lastError())") }
        defer { close(descriptor) }
        var buffer = [UInt8](repeating: 0, count: count)
        let read = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, count) }
        return Array(buffer.prefix(max(0, read)))
    }

    /// Standard input where something is fed into it: a pipe, a file or a socket, but no terminal and no `/dev/null`.
    static func readStandardInput() throws(FileFailure) -> [UInt8]? {
        var status = stat()
        guard unsafe fstat(STDIN_FILENO, &status) == 0 else { return nil }
        let kind = status.st_mode & S_IFMT
        guard kind == S_IFIFO || kind == S_IFREG || kind == S_IFSOCK else { return nil }
        return try read(STDIN_FILENO, name: "standard input", limit: mostTextBytes)
    }

    private static func read(_ descriptor: Int32, name: String, limit: Int) throws(FileFailure) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let size = buffer.count
            let count = unsafe buffer.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, size) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw FileFailure(description: "\(name): \(lastError())") }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            if bytes.count > limit { throw FileFailure(description: "\(name): more than \(limit) bytes") }
        }
    }

    /// Either the old content or the new one is there, whenever the machine stops: a temporary file, then a rename.
    /// - Parameters:
    ///   - isNew: refuses to replace a file.
    ///   - mode: facts are for the person who collected them; the person's umask takes from it.
    static func write(
        _ bytes: [UInt8], to path: String, isNew: Bool = false, mode: mode_t = 0o600
    ) throws(FileFailure) {
        var status = stat()
        if unsafe stat(path, &status) == 0, ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT) {
            throw FileFailure(description: "\(path): is no regular file, and is not replaced by one")
        }
        let temporary = "\(path).\(getpid()).part"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        let descriptor = unsafe open(temporary, flags, mode)
        guard descriptor >= 0 else { throw FileFailure(description: "\(temporary): \(lastError())") }
        do throws(FileFailure) {
            try write(bytes, to: descriptor, name: temporary)
            close(descriptor)
            if isNew {
                guard unsafe link(temporary, path) == 0 else {
                    throw FileFailure(description: "\(path): \(lastError())")
                }
                unsafe unlink(temporary)
            } else {
                guard unsafe rename(temporary, path) == 0 else {
                    throw FileFailure(description: "\(path): \(lastError())")
                }
            }
        } catch {
            unsafe unlink(temporary)
            throw error
        }
    }

    /// One folder; it may be there already.
    static func makeFolder(_ path: String) throws(FileFailure) {
        guard unsafe mkdir(path, 0o777) != 0, errno != EEXIST || !isFolder(path) else { return }
        throw FileFailure(description: "\(path): \(lastError())")
    }

    /// The names in a folder, sorted; none where it cannot be read.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    static func remove(_ path: String) { unsafe unlink(path) }

    /// The same for a file that is there; it keeps its permissions.
    static func replace(_ bytes: [UInt8], at path: String) throws(FileFailure) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { throw FileFailure(description: "\(path): \(lastError())") }
        try write(bytes, to: path, mode: status.st_mode & 0o777)
        // What the umask took away.
        _ = unsafe chmod(path, status.st_mode & 0o777)
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, name: String) throws(FileFailure) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFailure(description: "\(name): \(lastError())") }
            written += count
        }
        guard fsync(descriptor) == 0 || errno == EINVAL else {
            throw FileFailure(description: "\(name): \(lastError())")
        }
    }

    private static func lastError() -> String {
        let code = errno
        return unsafe String(cString: strerror(code)).lowercased()
    }
}
