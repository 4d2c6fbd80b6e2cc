import Foundation
import Testing

@testable import Archives

@Suite struct XZTests {
    /// "some text that goes on, ", 3,000 times.
    private static let packed = Array(
        Data(
            base64Encoded:
                "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj4Rk/AGZdADmbyfLnULjF4l2l1PuQ1yVEIO5tU2H6AXHhXq3rI5HpqLONQ4sc/+ZR6f/C"
                + "nG1nG+9LQ9bAopnd0mlDJZceD7EL6Z/4cylqo/VdbmXAt/5T+uzcj2+hLuvN2/iwGghnVkayPQ84AAAAAK08w1HSuDXKAAGCAcCy"
                + "BADCSbZ5scRn+wIAAAAABFla") ?? Data())
    private static let text = Array(String(repeating: "some text that goes on, ", count: 3000).utf8)
    /// 2 MiB of zeros.
    private static let bomb = Array(
        Data(
            base64Encoded:
                "/Td6WFoAAATm1rRGAgAhARYAAAB0L+Wj//8RAWxdAABv/f//o7f/Rz5IFXI5YVG4kijmo4YH+e7kHoLTL8U6PAFLsX7JiopNL6MN"
                + "2X+m44wjEVPgWRjFdYrid/i2lH8MasDedElk4ulcU7IE2PdEDKtfDW1G6eXDdoi3llestk3haR1v+0uIEGxCy4g/XACP0E6vJiiU"
                + "cR89jyThcJ6nI1/sKMuF0ZWYin4qkfIndfcZwAaYTZj92K/VkA/EJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJY"
                + "vul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1TPfgpZAk7gMsqbN+1O/DEvS5fqg8+S2ZCkBMO/xCT+HF4WfgLzf+VKEYPqfx83vua"
                + "MC5WwI+F84OBwGXEJVP49ZE2MQWlsO5vwXBNRwzRkRGqrWAdus6xJxhcWYbpZlJYvul2rFnk5VsFCPnH2q38+1IrdM0eWyBC+d1T"
                + "PfgpZAk7gMsqbN+1O/DEvEgn5liAAO0ABQAcpiTxAAAAtlNaZoaR/h0AAZMDgICAAYbP71+xxGf7AgAAAAAEWVo=") ?? Data())

    private func unpacked(_ packed: [UInt8], limit: Int = 64 << 20, by step: Int = .max) throws -> [UInt8] {
        let inflater = try XZInflater(limit: limit)
        var bytes: [UInt8] = []
        var offset = 0
        while offset < packed.count {
            let part = Array(packed[offset..<min(packed.count, offset &+ min(step, packed.count))])
            try unsafe inflater.inflate(part) { bytes += unsafe Array($0) }
            offset += part.count
        }
        try unsafe inflater.finish { bytes += unsafe Array($0) }
        return bytes
    }

    @Test(arguments: [1, 7, 64, Int.max])
    func `what is packed comes out, however it comes in`(step: Int) throws {
        #expect(try unpacked(Self.packed, by: step) == Self.text)
        #expect(try unpacked(Self.packed + Self.packed, by: step) == Self.text + Self.text)
    }

    @Test func `what is cut off or damaged is noticed`() throws {
        #expect { try unpacked(Array(Self.packed.dropLast(20))) } throws: { ($0 as? ArchiveError)?.code == .truncated }
        var damaged = Self.packed
        damaged[damaged.count / 2] ^= 0x40
        #expect { try unpacked(damaged) } throws: { ($0 as? ArchiveError)?.code == .damaged }
    }

    @Test func `more than is taken is refused, and so is a bomb`() throws {
        #expect { try unpacked(Self.packed, limit: 10_000) } throws: { ($0 as? ArchiveError)?.code == .tooLarge }
        #expect { try unpacked(Self.bomb) } throws: { ($0 as? ArchiveError)?.code == .tooLarge }
    }
}

@Suite struct SpoolTests {
    @Test(arguments: [0, 1000, 1 << 20])
    func `what came in is read at any place, in memory or not`(mostInMemory: Int) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "spool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) }
        let spool = Spool(
            mostInMemory: mostInMemory, folders: ["/no/such/folder", folder.path(percentEncoded: false)])
        for start in stride(from: 0, to: bytes.count, by: 700) {
            try unsafe bytes[start..<min(start + 700, bytes.count)].withUnsafeBytes { try unsafe spool.append($0) }
        }
        let spooled = spool.finished()
        #expect(spooled.size == bytes.count)
        #expect(spooled.isInMemory == (mostInMemory > bytes.count))
        for (offset, count) in [(0, 10_000), (0, 1), (1234, 5000), (9990, 100), (10_000, 5)] {
            #expect(try spooled.read(at: offset, count: count) == Array(bytes.dropFirst(offset).prefix(count)))
        }
        // The file has no name, so that nothing stays behind whatever happens.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false)) == [])
    }

    @Test func `where there is no room for a file it is said`() throws {
        let spool = Spool(mostInMemory: 3, folders: ["/no/such/folder"])
        #expect {
            try unsafe [UInt8](repeating: 0, count: 10).withUnsafeBytes { try unsafe spool.append($0) }
        } throws: { ($0 as? ArchiveError)?.code == .disk }
    }
}
