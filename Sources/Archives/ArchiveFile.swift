internal import Glibc

/// A file that is read at any place.
@safe package final class ArchiveFile: Sendable {
    private let descriptor: Int32
    package let path: String
    package let size: Int

    package init(_ path: String) throws(ArchiveError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw .last(path) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw ArchiveError(.notAnArchive, "\(path) is not a regular file")
        }
        self.descriptor = descriptor
        self.path = path
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The bytes from there on, as many as there are up to the count.
    package func read(at offset: Int, count: Int) throws(ArchiveError) -> [UInt8] {
        guard offset >= 0, offset <= size, count > 0 else { return [] }
        return try readPart(descriptor, at: offset, count: min(count, size - offset), else: { ArchiveError.last(path) })
    }
}

/// The bytes of a file from there on, as many as there are up to the count.
///
/// - Parameter failure: made of `errno`.
package func readPart<Failure: Error>(
    _ descriptor: Int32, at offset: Int, count wanted: Int, else failure: () -> Failure
) throws(Failure) -> [UInt8] {
    var problem: Failure?
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted) { buffer, filled in
        while filled < wanted {
            let start = unsafe buffer.baseAddress?.advanced(by: filled)
            let count = unsafe pread(descriptor, start, wanted - filled, off_t(offset + filled))
            if count < 0, errno == EINTR { continue }
            if count < 0 { problem = failure() }
            guard count > 0 else { return }
            filled += count
        }
    }
    if let problem { throw problem }
    return bytes
}

/// A file that appears whole or not at all.
///
/// It has no name until everything is on the disk, so that nothing of it stays whenever the process ends. Where the file
/// system has no files without a name, it is written beside its place.
@safe package final class NewFile {
    private let path: String
    private let temporary: String
    private var descriptor: Int32
    private var hasName: Bool
    private var buffer: [UInt8] = []
    /// How many bytes were written.
    package private(set) var position = 0

    package init(_ path: String) throws(ArchiveError) {
        let path = try Self.place(of: path)
        self.path = path
        temporary = "\(path).\(getpid()).part"
        // What an earlier process of this number left behind, when the machine stopped.
        unsafe unlink(temporary)
        // Facts are for the person who collected them.
        let hasProcesses = unsafe access("/proc/self/fd", X_OK) == 0
        let nameless =
            unsafe hasProcesses ? open(Self.folder(of: path), O_WRONLY | Self.withoutName | O_CLOEXEC, 0o600) : -1
        hasName = nameless < 0
        descriptor =
            unsafe hasName ? open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) : nameless
        guard descriptor >= 0 else { throw .last(path) }
    }

    /// Where a link leads to; a device or a pipe is never replaced by a file.
    private static func place(of path: String) throws(ArchiveError) -> String {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return path }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw ArchiveError(.disk, "\(path): is a directory")
        default: throw ArchiveError(.disk, "\(path): is no regular file, and is not replaced by one")
        }
        guard let resolved = unsafe realpath(path, nil) else { throw .last(path) }
        defer { unsafe free(resolved) }
        return unsafe String(cString: resolved)
    }

    /// `O_TMPFILE`, a macro that Swift does not see.
    private static let withoutName = O_DIRECTORY | 0o20_000_000

    private static func folder(of path: String) -> String {
        let slash = path.lastIndex(of: "/")
        return slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    deinit { abandon() }

    package func write(_ bytes: [UInt8]) throws(ArchiveError) {
        buffer += bytes
        position += bytes.count
        if buffer.count >= 1 << 20 { try flush() }
    }

    private func flush() throws(ArchiveError) {
        var written = 0
        while written < buffer.count {
            let count = unsafe buffer.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last(path) }
            written += count
        }
        buffer.removeAll(keepingCapacity: true)
    }

    /// Puts the file in its place, with all that was written and after it has reached the disk.
    package func commit() throws(ArchiveError) {
        try flush()
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw .last(path) }
        if !hasName {
            // A link replaces nothing, so it is made beside the place too.
            let made = unsafe linkat(AT_FDCWD, "/proc/self/fd/\(descriptor)", AT_FDCWD, temporary, AT_SYMLINK_FOLLOW)
            guard made == 0 else { throw .last(path) }
            hasName = true
        }
        guard unsafe rename(temporary, path) == 0 else { throw .last(path) }
        close(descriptor)
        descriptor = -1
        // The name, too, outlives a power cut.
        let directory = unsafe open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    /// Leaves nothing behind.
    package func abandon() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if hasName { unsafe unlink(temporary) }
    }
}

extension ArchiveError {
    static func last(_ path: String) -> ArchiveError {
        let code = errno
        return ArchiveError(.disk, unsafe "\(path): \(String(cString: strerror(code)).lowercased())")
    }
}
