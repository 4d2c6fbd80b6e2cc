internal import CZlib

/// Packs bytes as one gzip member (RFC 1952).
///
/// Members that stand behind each other are one gzip file, so each can be read alone and `tar -xz` reads all.
package enum Gzip {
    /// The window's size with 16 added: a gzip header and trailer, as zlib.h defines.
    static let window: Int32 = 15 + 16

    /// - Parameter memory: how much zlib may use, from 1 to 9; as the level it decides which bytes come out.
    package static func pack(
        _ bytes: [UInt8], level: Int32 = 6, memory: Int32 = 8
    ) throws(ArchiveError) -> [UInt8] {
        let deflater = try Deflater(level: level, memory: memory)
        return try deflater.pack(bytes)
    }
}

/// The one C struct, at one place: zlib keeps its address.
@safe private final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    init(level: Int32, memory: Int32) throws(ArchiveError) {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe deflateInit2_(
            stream, level, Z_DEFLATED, Gzip.window, memory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw ArchiveError(.disk, "zlib cannot be used") }
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    func pack(_ bytes: [UInt8]) throws(ArchiveError) -> [UInt8] {
        guard bytes.count < Int(UInt32.max) else { throw ArchiveError(.tooLarge, "\(bytes.count) bytes in one member") }
        var input = bytes
        var output = [UInt8](repeating: 0, count: unsafe Int(deflateBound(stream, UInt(bytes.count))))
        let status = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.pointee.next_in = source.baseAddress
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                return unsafe deflate(stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { throw ArchiveError(.disk, "zlib could not pack \(bytes.count) bytes") }
        output.removeLast(unsafe Int(stream.pointee.avail_out))
        return output
    }
}

/// Unpacks gzip as it comes in, piece by piece, and never more than was allowed.
@safe package final class Inflater: Unpacker {
    private static let pieceSize = 128 << 10
    private let stream: UnsafeMutablePointer<z_stream>
    private var piece = [UInt8](repeating: 0, count: pieceSize)
    private var limits: UnpackingLimits
    private var taken = 0
    /// How many bytes came out.
    package var given: Int { limits.given }
    /// Whether the last byte belonged to the end of a member.
    package private(set) var isAtEnd = false

    private let takesOneMember: Bool

    /// - Parameter limit: for what comes out.
    /// - Parameter takesOneMember: whether anything behind the first member is an error.
    package init(limit: Int, takesOneMember: Bool = false) throws(ArchiveError) {
        self.takesOneMember = takesOneMember
        // What deflate can do at most is 1032.
        limits = UnpackingLimits(limit: limit, mostRatio: 600)
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        let status = unsafe inflateInit2_(stream, Gzip.window, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard status == Z_OK else { throw ArchiveError(.disk, "zlib cannot be used") }
    }

    deinit {
        unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// The next member may follow at once.
    package func inflate(
        _ bytes: [UInt8], _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) {
        var offset = 0
        while offset < bytes.count {
            if isAtEnd {
                guard !takesOneMember else {
                    throw ArchiveError(.damaged, "something stands behind the end of the gzip data")
                }
                unsafe inflateReset(stream)
                isAtEnd = false
            }
            offset += try unsafe step(bytes, from: offset, use)
        }
    }

    package func finish(_ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void) throws(ArchiveError) {
        guard isAtEnd else { throw ArchiveError(.truncated, "its end is missing") }
    }

    /// Unpacks until the input or the piece is used up; gives how many bytes of the input were.
    private func step(
        _ bytes: [UInt8], from offset: Int, _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError) -> Int {
        var used = 0
        while true {
            var status: Int32 = Z_OK
            var count = 0
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe piece.withUnsafeMutableBufferPointer { target in
                    let start = unsafe source.baseAddress?.advanced(by: offset + used)
                    unsafe stream.pointee.next_in = unsafe UnsafeMutablePointer(mutating: start)
                    let available = bytes.count - offset - used
                    unsafe stream.pointee.avail_in = UInt32(available)
                    unsafe stream.pointee.next_out = target.baseAddress
                    unsafe stream.pointee.avail_out = UInt32(target.count)
                    status = unsafe CZlib.inflate(stream, Z_NO_FLUSH)
                    used += unsafe available - Int(stream.pointee.avail_in)
                    count = unsafe target.count - Int(stream.pointee.avail_out)
                }
            }
            guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                throw ArchiveError(.damaged, "what is packed is not gzip, or damaged")
            }
            taken += status == Z_STREAM_END ? used : 0
            try limits.add(count, of: taken + used)
            if count > 0 { try unsafe hand(piece, count, use) }
            if status == Z_STREAM_END {
                isAtEnd = true
                return used
            }
            // A piece that was not filled means that all input is used up.
            if count < piece.count {
                taken += used
                return max(used, bytes.count - offset)
            }
        }
    }
}

/// Unpacks what comes in piece by piece, and never more than was allowed.
package protocol Unpacker {
    /// Unpacks what the bytes hold and hands it on.
    func inflate(
        _ bytes: [UInt8], _ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void
    ) throws(ArchiveError)
    /// Says that there is no more.
    func finish(_ use: (UnsafeRawBufferPointer) throws(ArchiveError) -> Void) throws(ArchiveError)
}

/// What may come out of what is packed.
struct UnpackingLimits {
    let limit: Int
    /// Of what comes out to what goes in, beyond the first MiB.
    let mostRatio: Int
    /// How many bytes came out.
    private(set) var given = 0

    init(limit: Int, mostRatio: Int) {
        self.limit = limit
        self.mostRatio = mostRatio
    }

    mutating func add(_ count: Int, of consumed: Int) throws(ArchiveError) {
        given += count
        guard given <= limit else {
            throw ArchiveError(.tooLarge, "it unpacks to more than the \(limit) bytes that it says, or that are taken")
        }
        guard given <= 1 << 20 || given / mostRatio <= max(1, consumed) else {
            throw ArchiveError(.tooLarge, "it unpacks to far more than it is: a zip bomb?")
        }
    }
}

/// Lends the first bytes of a piece, with the error that the other side has.
package func hand<Failure: Error>(
    _ piece: [UInt8], _ count: Int, _ use: (UnsafeRawBufferPointer) throws(Failure) -> Void
) throws(Failure) {
    let failure = unsafe piece.withUnsafeBytes { bytes -> Failure? in
        do throws(Failure) {
            try unsafe use(UnsafeRawBufferPointer(rebasing: bytes[..<count]))
            return nil
        } catch {
            return error
        }
    }
    if let failure { throw failure }
}
