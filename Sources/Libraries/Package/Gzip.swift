internal import CZlib

/// One gzip member (RFC 1952), whole, within limits.
enum Gzip {
    static let mostPacked = 16 << 20
    /// Beyond the first MiB nothing honest packs better.
    static let mostRatio = 100

    /// The window's size with 16 added: a gzip header and trailer, as zlib.h defines.
    private static let gzipWindow: Int32 = 15 + 16
    private static let mostTar = PackageTree.mostBytes + PackageTree.mostFiles * 1024 + 1024

    static func unpack(_ packed: [UInt8]) throws(LibraryError) -> [UInt8] {
        guard packed.count <= mostPacked else {
            throw LibraryError(.tooLarge, "the archive has \(packed.count) bytes; at most \(mostPacked) are taken")
        }
        var stream = unsafe z_stream()
        guard unsafe inflateInit2_(&stream, gzipWindow, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw LibraryError(.disk, "zlib cannot be used")
        }
        defer { unsafe inflateEnd(&stream) }
        var input = packed
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        // The pointers that zlib keeps in the stream are used only inside of these closures.
        let failure: LibraryError? = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe stream.next_in = source.baseAddress
            unsafe stream.avail_in = UInt32(source.count)
            while true {
                let capacity = buffer.count
                let status = unsafe buffer.withUnsafeMutableBufferPointer { target in
                    unsafe stream.next_out = target.baseAddress
                    unsafe stream.avail_out = UInt32(capacity)
                    return unsafe inflate(&stream, Z_NO_FLUSH)
                }
                let count = unsafe capacity - Int(stream.avail_out)
                output += buffer[..<count]
                if output.count > mostTar || output.count > 1 << 20 && output.count / mostRatio > packed.count {
                    return LibraryError(.tooLarge, "the archive unpacks to far more than it is: a zip bomb?")
                }
                switch status {
                case Z_STREAM_END:
                    return unsafe stream.avail_in == 0
                        ? nil : LibraryError(.malformedArchive, "something stands behind the end of the gzip data")
                case Z_OK where count > 0: continue
                case Z_OK, Z_BUF_ERROR:
                    return LibraryError(
                        .malformedArchive, "the archive is cut off", hint: "the download broke off; try again")
                default: return LibraryError(.malformedArchive, "the archive is not gzip, or damaged")
                }
            }
        }
        if let failure { throw failure }
        return output
    }

    static func pack(_ bytes: [UInt8]) throws(LibraryError) -> [UInt8] {
        var stream = unsafe z_stream()
        guard
            unsafe deflateInit2_(
                &stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzipWindow, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw LibraryError(.disk, "zlib cannot be used") }
        defer { unsafe deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: unsafe Int(deflateBound(&stream, UInt(bytes.count))))
        let status = unsafe input.withUnsafeMutableBufferPointer { source in
            unsafe output.withUnsafeMutableBufferPointer { target in
                unsafe stream.next_in = source.baseAddress
                unsafe stream.avail_in = UInt32(source.count)
                unsafe stream.next_out = target.baseAddress
                unsafe stream.avail_out = UInt32(target.count)
                return unsafe deflate(&stream, Z_FINISH)
            }
        }
        guard status == Z_STREAM_END else { throw LibraryError(.disk, "zlib could not pack the archive") }
        output.removeLast(unsafe Int(stream.avail_out))
        return output
    }
}
