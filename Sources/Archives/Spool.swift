internal import Glibc

/// Bytes that come in once and are read at any place afterwards: in memory while they are few, else in a file without a
/// name, which is gone when nobody holds it any more.
@safe package final class Spool {
    private let mostInMemory: Int
    private let folders: [String]
    private var memory: [UInt8] = []
    private var descriptor: Int32 = -1
    package private(set) var size = 0

    /// - Parameter folders: where the file may be, the best first.
    package init(mostInMemory: Int = 32 << 20, folders: [String] = ["/var/tmp", "/tmp"]) {
        self.mostInMemory = mostInMemory
        self.folders = folders
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        size += bytes.count
        if descriptor < 0 {
            unsafe memory.append(contentsOf: bytes)
            guard size > mostInMemory else { return }
            descriptor = try fileWithoutName()
            try unsafe hand(memory, memory.count) { (bytes) throws(ArchiveError) in try unsafe write(bytes) }
            memory = []
        } else {
            try unsafe write(bytes)
        }
    }

    private func fileWithoutName() throws(ArchiveError) -> Int32 {
        var failure = ArchiveError(.disk, "there is no folder for a large file")
        for folder in folders {
            var template = Array("\(folder)/triage-XXXXXX".utf8CString)
            // Facts are for the person who collected them: mkstemp gives the file to its owner alone.
            let made = unsafe mkstemp(&template)
            guard made >= 0 else {
                failure = .last(folder)
                continue
            }
            _ = fcntl(made, F_SETFD, FD_CLOEXEC)
            unsafe unlink(&template)
            return made
        }
        throw failure
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws(ArchiveError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe Glibc.write(descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .last("a file for what is unpacked") }
            written += count
        }
    }

    /// What came in, to be read from any task; nothing may come in afterwards.
    package func finished() -> SpooledBytes {
        defer {
            descriptor = -1
            memory = []
        }
        return SpooledBytes(memory: memory, descriptor: descriptor, size: size)
    }
}

/// What a spool has taken in.
@safe package final class SpooledBytes: Sendable {
    private let memory: [UInt8]
    private let descriptor: Int32
    package let size: Int

    fileprivate init(memory: [UInt8], descriptor: Int32, size: Int) {
        self.memory = memory
        self.descriptor = descriptor
        self.size = size
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Whether it takes memory.
    package var isInMemory: Bool { descriptor < 0 }

    /// The bytes from there on, as many as there are up to the count.
    package func read(at offset: Int, count: Int) throws(ArchiveError) -> [UInt8] {
        guard offset >= 0, offset <= size, count > 0 else { return [] }
        guard descriptor >= 0 else { return Array(memory[offset..<min(size, offset + count)]) }
        return try readPart(
            descriptor, at: offset, count: min(count, size - offset), else: { ArchiveError.last("what was unpacked") })
    }
}
