import Testing

@testable import Archives

@Suite struct TarHeaderTests {
    @Test(arguments: [
        TarHeader(path: "index.json", size: 0), TarHeader(path: "facts/0001-kubernetes.json", size: 8_589_934_591),
        TarHeader(path: String(repeating: "a", count: 90) + "/" + String(repeating: "b", count: 99), size: 7),
        TarHeader(path: "folder", size: 0, kind: .directory),
    ])
    func `a header comes back as it was written`(header: TarHeader) throws {
        let block = try #require(header.block)
        #expect(try TarHeader(block: block[...]) == header)
        #expect(header.isSafe)
    }

    @Test func `what ustar cannot name has no header`() {
        #expect(TarHeader(path: String(repeating: "a", count: 101), size: 1).block == nil)
        #expect(TarHeader(path: "a\u{0}b", size: 1).block == nil)
        #expect(TarHeader(path: "a", size: 1 << 33).block == nil)
    }

    @Test(arguments: ["/etc/passwd", "../up", "a/../../b", ""])
    func `a path that leads out is not safe`(path: String) {
        #expect(!TarHeader(path: path, size: 1).isSafe)
    }

    @Test func `a link is refused`() throws {
        var block = try #require(TarHeader(path: "a", size: 0).block)
        block[156] = UInt8(ascii: "2")
        // The sum is made anew: it is the kind that is refused.
        for index in 148..<156 { block[index] = 32 }
        let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        let sum = Array((String(repeating: "0", count: 6 - digits.count) + digits + "\u{0} ").utf8)
        block.replaceSubrange(148..<156, with: sum)
        #expect { try TarHeader(block: block[...]) } throws: { ($0 as? ArchiveError)?.code == .unsafeEntry }
    }

    @Test(arguments: [0, 130, 150, 200, 260])
    func `a header that was changed is noticed`(index: Int) throws {
        var block = try #require(TarHeader(path: "a", size: 5).block)
        block[index] ^= 0x11
        #expect { try TarHeader(block: block[...]) } throws: { ($0 as? ArchiveError)?.code == .damaged }
    }
}
