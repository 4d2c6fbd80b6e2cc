import Foundation
import Testing

@testable import Archives

@Suite struct GzipTests {
    private func unpacked(_ packed: [UInt8], limit: Int = 64 << 20, by step: Int = .max) throws -> [UInt8] {
        let inflater = try Inflater(limit: limit)
        var bytes: [UInt8] = []
        var offset = 0
        while offset < packed.count {
            let part = Array(packed[offset..<min(packed.count, offset &+ min(step, packed.count))])
            try unsafe inflater.inflate(part) { bytes += unsafe Array($0) }
            offset += part.count
        }
        try #require(inflater.isAtEnd)
        return bytes
    }

    private static let text = Array(String(repeating: "some text that goes on, 0123456789; ", count: 20_000).utf8)

    @Test(arguments: [1, 7, 4096, Int.max])
    func `what is packed comes out again, however it comes in`(step: Int) throws {
        let packed = try Gzip.pack(Self.text)
        #expect(packed.count < Self.text.count / 10)
        #expect(try unpacked(packed, by: step) == Self.text)
    }

    @Test func `members behind each other are one`() throws {
        let packed = try Gzip.pack(Array("one ".utf8)) + Gzip.pack([]) + Gzip.pack(Array("two".utf8))
        for step in [1, 3, .max] { #expect(try unpacked(packed, by: step) == Array("one two".utf8)) }
    }

    @Test func `who takes one member takes nothing behind it`() throws {
        let one = try Gzip.pack(Self.text, level: 9, memory: 9)
        let inflater = try Inflater(limit: 1 << 20, takesOneMember: true)
        var count = 0
        try unsafe inflater.inflate(one) { piece in count += piece.count }
        #expect(inflater.isAtEnd && count == Self.text.count)
        for more in [one, [0]] {
            #expect {
                try unsafe Inflater(limit: 4 << 20, takesOneMember: true).inflate(one + more) { _ in }
            } throws: {
                ($0 as? ArchiveError)?.code == .damaged
            }
            #expect { try unsafe inflater.inflate(more) { _ in } } throws: { ($0 as? ArchiveError)?.code == .damaged }
        }
    }

    @Test func `a damaged byte is noticed`() throws {
        var packed = try Gzip.pack(Self.text)
        packed[packed.count / 2] ^= 0x40
        #expect { try unpacked(packed) } throws: { ($0 as? ArchiveError)?.code == .damaged }
    }

    @Test func `more than the limit is refused before it is all there`() throws {
        let packed = try Gzip.pack(Self.text)
        #expect { try unpacked(packed, limit: 100_000) } throws: { ($0 as? ArchiveError)?.code == .tooLarge }
    }

    @Test func `a bomb is refused`() throws {
        let packed = try Gzip.pack([UInt8](repeating: 0, count: 40 << 20), level: 9)
        #expect { try unpacked(packed) } throws: { ($0 as? ArchiveError)?.code == .tooLarge }
    }
}
