internal import FoundationEssentials

#if canImport(Glibc)
    internal import Glibc
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Darwin
#endif

/// Every open of this target: durable writes, reads that follow no link, one lock.
package enum Disk {
    /// A regular file; links are followed only where the person named the path.
    package static func contents(of path: String, limit: Int, followsLinks: Bool = true) throws(LibraryError) -> [UInt8]
    {
        let descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | (followsLinks ? 0 : O_NOFOLLOW))
        guard descriptor >= 0 else { throw failure(path) }
        defer { close(descriptor) }
        return try readAll(descriptor, path, limit)
    }

    package static func contentsIfPresent(of path: String, limit: Int) throws(LibraryError) -> [UInt8]? {
        do throws(LibraryError) { return try contents(of: path, limit: limit) } catch {
            if error.code == .notFound { return nil }
            throw error
        }
    }

    private static func readAll(_ descriptor: Int32, _ path: String, _ limit: Int) throws(LibraryError) -> [UInt8] {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw failure(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw LibraryError(.unsafeEntry, "\(path) is not a regular file")
        }
        guard Int(status.st_size) <= limit else {
            throw LibraryError(.tooLarge, "\(path) has \(status.st_size) bytes; at most \(limit) are taken")
        }
        // Most files are read by one call; what is longer than its size said is read on.
        let size = Int(status.st_size)
        var content = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { buffer, count in
            unsafe count = max(0, read(descriptor, buffer.baseAddress, size + 1))
        }
        guard content.count != size || size == 0 else { return content }
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let size = buffer.count
            let count = unsafe read(descriptor, &buffer, size)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(path) }
            guard count > 0 else { return content }
            content += buffer[..<count]
            guard content.count <= limit else {
                throw LibraryError(.tooLarge, "\(path) is larger than the \(limit) bytes that are taken")
            }
        }
    }

    /// The files below a directory as a package; links and devices refuse it.
    ///
    /// What editors and version control leave there (names that start with a dot or end with `~`) is passed over.
    package static func tree(_ root: String) throws(LibraryError) -> PackageTree {
        let descriptor = unsafe open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(root) }
        var tree = PackageTree()
        try walk(descriptor, below: "", root: root, into: &tree)
        return tree
    }

    /// Takes the descriptor over.
    private static func walk(
        _ descriptor: Int32, below prefix: String, root: String, into tree: inout PackageTree
    ) throws(LibraryError) {
        guard let stream = unsafe fdopendir(descriptor) else {
            close(descriptor)
            throw failure("\(root)/\(prefix)")
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
                    unsafe String(cString: $0)
                }
            }
            if !name.hasPrefix("."), !name.hasSuffix("~") { names.append(name) }
            guard names.count <= PackageTree.mostFiles else {
                throw LibraryError(.tooLarge, "\(root)/\(prefix) has too many files")
            }
        }
        for name in names.sorted() {
            let path = prefix + name
            try PackagePath.check(path)
            let child = unsafe openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
            guard child >= 0 else {
                if errno == ELOOP {
                    throw LibraryError(.unsafeEntry, "\(root)/\(path) is a symbolic link; only files are taken")
                }
                throw failure("\(root)/\(path)")
            }
            var status = stat()
            guard unsafe fstat(child, &status) == 0 else {
                close(child)
                throw failure("\(root)/\(path)")
            }
            if status.st_mode & S_IFMT == S_IFDIR {
                try walk(child, below: path + "/", root: root, into: &tree)
            } else {
                defer { close(child) }
                try tree.add(path, try readAll(child, "\(root)/\(path)", PackageTree.mostBytes))
            }
        }
    }

    // MARK: Writing

    /// Either the old content or the new one is there, whenever the machine stops: a temporary file, fsync, rename,
    /// fsync of the directory.
    package static func replace(_ path: String, _ bytes: [UInt8]) throws(LibraryError) {
        let directory = parent(path)
        try makeDirectory(directory)
        let temporary = "\(path).\(getpid()).part"
        unlinkQuietly(temporary)
        let descriptor = unsafe open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(temporary) }
        do throws(LibraryError) {
            defer { close(descriptor) }
            try writeAll(bytes, to: descriptor, temporary)
        } catch {
            unlinkQuietly(temporary)
            throw error
        }
        guard unsafe rename(temporary, path) == 0 else {
            let error = failure(path)
            unlinkQuietly(temporary)
            throw error
        }
        try sync(directory)
    }

    private static func writeAll(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws(LibraryError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe write(descriptor, buffer.baseAddress?.advanced(by: written), buffer.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw failure(path) }
    }

    private static func sync(_ directory: String) throws(LibraryError) {
        let descriptor = unsafe open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(directory) }
    }

    package static func makeDirectory(_ path: String) throws(LibraryError) {
        guard !path.isEmpty, path != "/", path != "." else { return }
        if unsafe mkdir(path, 0o755) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw failure(path) }
        try makeDirectory(parent(path))
        guard unsafe mkdir(path, 0o755) == 0 || errno == EEXIST else { throw failure(path) }
    }

    static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    package static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Sorted; none where the folder cannot be read.
    static func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }

    static func unlinkQuietly(_ path: String) { _ = unsafe unlink(path) }

    /// A directory of our own that is removed again, with all that a program (git) put there.
    static func withTemporaryDirectory<Result>(
        _ body: (String) async throws(LibraryError) -> Result
    ) async throws(LibraryError) -> Result {
        var template = Array("/tmp/triage-XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else { throw failure("/tmp") }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let result: Swift.Result<Result, LibraryError>
        do throws(LibraryError) { result = .success(try await body(path)) } catch { result = .failure(error) }
        removeTree(path)
        return try result.get()
    }

    /// Links are removed, never followed.
    private static func removeTree(_ path: String) { try? FileManager.default.removeItem(atPath: path) }

    static func absolute(_ path: String) -> String {
        guard let resolved = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// What a clock on the wall here shows more than UTC's, when it shows that time.
    static func secondsEastOfUTC(at wallSeconds: Int64) -> Int64 {
        var fields = unsafe tm()
        var seconds = time_t(wallSeconds)
        unsafe gmtime_r(&seconds, &fields)
        unsafe fields.tm_isdst = -1
        return wallSeconds - Int64(unsafe mktime(&fields))
    }

    static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func failure(_ path: String) -> LibraryError {
        let number = errno
        return LibraryError(number == ENOENT || number == ENOTDIR ? .notFound : .disk, "\(path): \(words(number))")
    }

    /// What the system calls an error.
    static func words(_ number: Int32) -> String { unsafe String(cString: strerror(number)).lowercased() }
}

/// One writer at a time; let go at the end of its life, also by a crash.
package final class FileLock: Sendable {
    private let descriptor: Int32

    package init(_ path: String) throws(LibraryError) {
        try Disk.makeDirectory(Disk.parent(path))
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw LibraryError(.disk, "\(path) cannot be made") }
        // Another writer is soon done; a program that is being started elsewhere in this process holds it until its exec.
        var patience = 40
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            patience -= 1
            if patience > 0 {
                usleep(50_000)
                continue
            }
            close(descriptor)
            throw LibraryError(
                .busy, "another triage changes the libraries at this moment", hint: "try again afterwards")
        }
    }

    deinit { close(descriptor) }
}
