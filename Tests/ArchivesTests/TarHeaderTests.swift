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

    /// Changes a header, and makes its sum anew.
    private func block(_ change: (inout [UInt8]) -> Void) throws -> ArraySlice<UInt8> {
        var block = try #require(TarHeader(path: "a", size: 0).block)
        change(&block)
        for index in 148..<156 { block[index] = 32 }
        let digits = String(block.reduce(0) { $0 + Int($1) }, radix: 8)
        let sum = Array((String(repeating: "0", count: 6 - digits.count) + digits + "\u{0} ").utf8)
        block.replaceSubrange(148..<156, with: sum)
        return block[...]
    }

    @Test(arguments: [
        ("1", "a hard link"), ("2", "a symbolic link"), ("3", "a device"), ("6", "a pipe"), ("L", "a GNU long name"),
        ("S", "a sparse file"), ("Z", "of an unknown type"),
    ])
    func `a link, a device and the like are refused, and called what they are`(letter: String, words: String) throws {
        let block = try block { $0[156] = letter.utf8.first ?? 0 }
        for isStrict in [false, true] {
            #expect { try TarHeader(block: block, isStrict: isStrict) } throws: { error in
                (error as? ArchiveError)?.code == .unsafeEntry && "\(error)".contains(words)
            }
        }
        #expect(try TarHeader(block: block, passing: letter).kind == .other(letter.utf8.first ?? 0))
    }

    @Test func `who is strict takes nothing of GNU's and no contiguous file`() throws {
        let contiguous = try block { $0[156] = UInt8(ascii: "7") }
        #expect(try TarHeader(block: contiguous).kind == .file)
        #expect { try TarHeader(block: contiguous, isStrict: true) } throws: {
            ($0 as? ArchiveError)?.code == .unsafeEntry
        }
        let magic = Array("ustar  \u{0}".utf8)
        let plain = try block { $0.replaceSubrange(257..<265, with: magic) }
        #expect(try TarHeader(block: plain, isStrict: true).path == "a")
        let times = try block { block in
            block.replaceSubrange(257..<265, with: magic)
            block[350] = UInt8(ascii: "1")
        }
        #expect(try TarHeader(block: times).path == "a")
        #expect { try TarHeader(block: times, isStrict: true) } throws: { ($0 as? ArchiveError)?.code == .damaged }
    }

    @Test(arguments: [0, 130, 150, 200, 260])
    func `a header that was changed is noticed`(index: Int) throws {
        var block = try #require(TarHeader(path: "a", size: 5).block)
        block[index] ^= 0x11
        #expect { try TarHeader(block: block[...]) } throws: { ($0 as? ArchiveError)?.code == .damaged }
    }
}
