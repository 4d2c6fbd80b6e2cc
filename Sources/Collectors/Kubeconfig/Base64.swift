/// Base64 as Go's `encoding/base64` reads it, so that we refuse what kubectl refuses and at the same place.
enum Base64 {
    /// The offset that Go names: `illegal base64 data at input byte N`.
    struct Failure: Error { var offset: Int }

    /// The standard alphabet with padding; line ends are skipped, other white space is not.
    static func decode(_ text: some StringProtocol) throws(Failure) -> [UInt8] {
        try decode(text, isURL: false)
    }

    /// The URL alphabet without padding, as in a JWT.
    static func decodeURL(_ text: some StringProtocol) throws(Failure) -> [UInt8] {
        try decode(text, isURL: true)
    }

    private static func decode(_ text: some StringProtocol, isURL: Bool) throws(Failure) -> [UInt8] {
        var bytes: [UInt8] = []
        var group: UInt32 = 0
        var count = 0
        var padding = 0
        var offset = 0
        for byte in text.utf8 {
            defer { offset += 1 }
            if !isURL, byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { continue }
            if byte == UInt8(ascii: "="), !isURL {
                padding += 1
                guard count + padding <= 4, count >= 2 else { throw Failure(offset: offset) }
                continue
            }
            guard padding == 0, let digit = digit(byte, isURL: isURL) else { throw Failure(offset: offset) }
            group = group << 6 | digit
            count += 1
            if count == 4 {
                bytes += [UInt8(group >> 16 & 0xFF), UInt8(group >> 8 & 0xFF), UInt8(group & 0xFF)]
                (group, count) = (0, 0)
            }
        }
        if count > 0 {
            guard count >= 2, isURL || count + padding == 4 else { throw Failure(offset: offset - offset % 4) }
            group <<= UInt32(6 * (4 - count))
            bytes.append(UInt8(group >> 16 & 0xFF))
            if count == 3 { bytes.append(UInt8(group >> 8 & 0xFF)) }
        }
        return bytes
    }

    private static func digit(_ byte: UInt8, isURL: Bool) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a")) + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0")) + 52
        case UInt8(ascii: isURL ? "-" : "+"): 62
        case UInt8(ascii: isURL ? "_" : "/"): 63
        default: nil
        }
    }

    static func encode(_ bytes: some Collection<UInt8>) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var index = bytes.startIndex
        while index != bytes.endIndex {
            var group: UInt32 = 0
            var count = 0
            while count < 3, index != bytes.endIndex {
                group |= UInt32(bytes[index]) << UInt32(16 - 8 * count)
                index = bytes.index(after: index)
                count += 1
            }
            for position in 0..<4 {
                text.append(
                    position <= count ? digits[Int(group >> UInt32(18 - 6 * position) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
