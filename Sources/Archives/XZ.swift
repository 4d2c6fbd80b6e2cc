internal import CLZMA

/// Unpacks xz as it comes in, piece by piece, and never more than was allowed.
@safe package final class XZInflater: Unpacker {
    private static let pieceSize = 128 << 10
    /// Of memory: `xz -9` needs 65 MiB to be unpacked.
    private static let mostMemory: UInt64 = 160 << 20

    /// `LZMA_CONCATENATED`: `cat a.xz b.xz` is one file.
    private static let concatenated: UInt32 = 0x08

    private let stream: UnsafeMutablePointer<lzma_stream>
    private var piece = [UInt8](repeating: 0, count: pieceSize)
    private var limits: UnpackingLimits
    private var taken = 0
    /// Whether all that was packed came out.
    package private(set) var isAtEnd = false

    /// - Parameter limit: for what comes out.
    package init(limit: Int) throws(ArchiveError) {
        // Long lists of objects that are nearly alike pack to a 1000th; what xz can do at most is about 7000.
        limits = UnpackingLimits(limit: limit, mostRatio: 3000)
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: lzma_stream())
        let status = unsafe lzma_stream_decoder(stream, Self.mostMemory, Self.concatenated)
        guard status == LZMA_OK else { throw ArchiveError(.disk, "liblzma cannot be used") }
    }

    deinit {
        unsafe lzma_end(stream)
        unsafe stream.deallocate()
    }

    package func inflate(
        _ bytes: [UInt8], _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        try unsafe run(bytes, LZMA_RUN, use)
    }

    package func finish(_ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void) throws(ArchiveError) {
        try unsafe run([], LZMA_FINISH, use)
        guard isAtEnd else { throw ArchiveError(.truncated, "its end is missing") }
    }

    private func run(
        _ bytes: [UInt8], _ action: lzma_action, _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var used = 0
        while !isAtEnd {
            var status = LZMA_OK
            var count = 0
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe piece.withUnsafeMutableBufferPointer { target in
                    let available = bytes.count - used
                    unsafe stream.pointee.next_in = source.baseAddress.map { unsafe $0 + used }
                    unsafe stream.pointee.avail_in = available
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = target.count
                    unsafe status = lzma_code(stream, action)
                    used += unsafe available - stream.pointee.avail_in
                    count = unsafe target.count - stream.pointee.avail_out
                }
            }
            switch status {
            case LZMA_OK, LZMA_STREAM_END, LZMA_BUF_ERROR: break
            case LZMA_MEMLIMIT_ERROR:
                throw ArchiveError(.tooLarge, "to unpack it takes more than \(Self.mostMemory >> 20) MiB of memory")
            default: throw ArchiveError(.damaged, "what is packed is not xz, or damaged")
            }
            try limits.add(count, of: taken + used)
            if count > 0 { try unsafe hand(piece, count, use) }
            isAtEnd = status == LZMA_STREAM_END
            if count < piece.count, used == bytes.count { break }
        }
        taken += used
    }
}
