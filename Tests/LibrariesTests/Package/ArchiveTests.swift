import Archives
import Foundation
import Testing

@testable import Libraries

@Suite struct ArchiveTests {
    @Test func `what is written is read again, and the same tree gives the same bytes`() throws {
        let tree = try MadeUpLibrary.tree(MadeUpLibrary.files())
        let packed = try Tar.packed(tree)
        #expect(try Tar.unpacked(packed) == tree)
        #expect(try Tar.packed(tree) == packed)
        // What has been published is called by these bytes.
        #expect(sha256(try Tar.write(tree)) == "66dd74dad0090df9067b950840080047768808e4c183e51e503bc29a810d4f64")
        // The header says that it was packed as well as zlib can, whatever zlib it is.
        #expect(packed[8] == 2)
    }

    @Test(.enabled(if: isInstalled("tar"), "tar is not installed"), arguments: ["--format=ustar", "--format=pax"])
    func `tar reads ours, and we read tar's`(format: String) async throws {
        try await withDirectory { folder in
            let tree = try MadeUpLibrary.tree(MadeUpLibrary.files())
            try Disk.replace("\(folder)/ours.tar.gz", Tar.packed(tree))
            try Disk.makeDirectory("\(folder)/out")
            let unpacked = try await run("tar", ["-xzf", "\(folder)/ours.tar.gz", "-C", "\(folder)/out"])
            #expect(unpacked.exitCode == 0, "\(unpacked.error)")
            #expect(try Disk.tree("\(folder)/out") == tree)
            let packed = try await run(
                "tar", [format, "-czf", "\(folder)/theirs.tar.gz", "-C", "\(folder)/out", "."])
            #expect(packed.exitCode == 0, "\(packed.error)")
            #expect(try Tar.unpacked(Disk.contents(of: "\(folder)/theirs.tar.gz", limit: 1 << 20)) == tree)
        }
    }

    @Test(.enabled(if: isInstalled("sha256sum"), "sha256sum is not installed"))
    func `sha256sum checks our list`() async throws {
        try await withDirectory { folder in
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: folder)
            _ = try LibraryPublishing.writeDigests(folder)
            let checked = try await run("sh", ["-c", "cd '\(folder)' && sha256sum --strict -c digests.txt"])
            #expect(checked.exitCode == 0, "\(checked.error)")
        }
    }

    /// An archive of one entry, whose header a test may spoil.
    static func entry(
        _ name: String, type: Character = "0", content: [UInt8] = [], link: String = "",
        spoil: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, at offset: Int) {
            for (index, byte) in bytes.enumerated() where offset + index < 512 { header[offset + index] = byte }
        }
        put(name.utf8.prefix(100), at: 0)
        put("0000644\u{0}0000000\u{0}0000000\u{0}".utf8, at: 100)
        let size = String(content.count, radix: 8)
        put((String(repeating: "0", count: 11 - size.count) + size).utf8, at: 124)
        put("00000000000\u{0}        ".utf8, at: 136)
        put([type.asciiValue ?? 0], at: 156)
        put(link.utf8.prefix(100), at: 157)
        put("ustar\u{0}00".utf8, at: 257)
        spoil(&header)
        let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
        put((String(repeating: "0", count: 6 - sum.count) + sum + "\u{0} ").utf8, at: 148)
        return header + content + [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }

    static let end = [UInt8](repeating: 0, count: 1024)
    static let sound = entry("library.yaml", content: Array("a: 1\n".utf8))

    static func pax(_ key: String, _ value: String) -> [UInt8] {
        var length = key.utf8.count + value.utf8.count + 3
        while "\(length)".count + key.utf8.count + value.utf8.count + 3 != length { length += 1 }
        return entry("pax", type: "x", content: Array("\(length) \(key)=\(value)\n".utf8))
    }

    /// Each with what is wrong about it.
    static let hostile: [(what: String, archive: [UInt8])] = {
        var all: [(String, [UInt8])] = []
        let names = [
            "../x", "../../etc/passwd", "/etc/passwd", "a/../b", "a/../../b", "..", ".", "", "a//b", "a/", "./../x",
            "././x", ".hidden", ".git/config", "a/.git/hooks/post-checkout", "-rf", "a/-x", "a\\b", "C:/x", "C:x",
            "a b", "a\tb", "a\nb", "a\u{7}b", "a\u{1b}[31m", "lіbrary.yaml", "ｌibrary", "é", "e\u{301}", "a\u{200b}",
            "a\u{202e}b", "a.", "a./b", "a:b", "a*b", "a?b", "a|b", "a<b", "a>b", "a\"b", "a'b", "a;b", "a&b", "a$b",
            "a`b", "~", "~/x", "%2e%2e/x", "a,b", "a=b", "a@b", "a#b", "a!b", "a(b", "a[b", "a{b", "con~",
            "a/b/c/d/e/f/g/h/i",
            "\u{feff}a",
        ]
        for name in names {
            all.append(("the name \(name.debugDescription)", sound + entry(name) + end))
            all.append(("the pax name \(name.debugDescription)", sound + pax("path", name) + entry("x") + end))
        }
        for type in "123467LKSVDMNAZ" {
            all.append(("type \(type)", sound + entry("x", type: type, link: "../../etc/passwd") + end))
            all.append(
                (
                    "type \(type) with an own name",
                    sound + entry("playbooks", type: type, link: "/etc") + entry("playbooks/a.yaml") + end
                ))
        }
        all += [
            ("twice the same", sound + sound + end),
            ("another case", sound + entry("LIBRARY.yaml") + end),
            ("a file below a file", entry("a") + entry("a/b") + end),
            ("a file for a folder", entry("a/b") + entry("a") + end),
            ("no end", sound), ("half an end", sound + [UInt8](repeating: 0, count: 512)),
            ("half a header", sound + Array(sound.prefix(200))), ("nothing", []),
            ("content behind the end", sound + end + sound + end), ("a byte behind the end", sound + end + [1]),
            ("a wrong checksum", Array(sound.prefix(10)) + [1] + Array(sound.dropFirst(11)) + end),
            (
                "no magic",
                entry("x", spoil: { $0.replaceSubrange(257..<265, with: [UInt8](repeating: 0, count: 8)) }) + end
            ),
            ("a size in base 256", entry("x", spoil: { $0[124] = 0x80 }) + end),
            ("a negative size", entry("x", spoil: { $0[124] = 0xFF }) + end),
            ("a size of letters", entry("x", spoil: { $0[130] = 0x78 }) + end),
            ("a size beyond the end", entry("x", spoil: { $0[130] = 0x37 }) + end),
            ("the largest size", entry("x", spoil: { h in for i in 124..<135 { h[i] = 0x37 } }) + end),
            ("a NUL in the name", entry("x", spoil: { $0[5] = 0x41 }) + end),
            (
                "a prefix that climbs",
                entry("x", spoil: { h in for (i, b) in "../..".utf8.enumerated() { h[345 + i] = b } }) + end
            ),
            (
                "an absolute prefix",
                entry("x", spoil: { h in for (i, b) in "/etc".utf8.enumerated() { h[345 + i] = b } }) + end
            ),
            ("a folder that climbs", entry("../x/", type: "5") + end),
            ("a folder at the root", entry("/x", type: "5") + end),
            ("a folder with content", entry("x", type: "5", content: [1]) + end),
            ("a pax link", pax("linkpath", "/etc") + entry("x") + end),
            ("pax for GNU's sparse files", pax("GNU.sparse.size", "9") + entry("x") + end),
            ("two pax headers", pax("path", "a") + pax("path", "b") + entry("x") + end),
            ("a pax header for nothing", sound + pax("path", "a") + end),
            ("a pax size that lies", pax("size", "999999999") + entry("x") + end),
            ("a pax size below zero", pax("size", "-1") + entry("x") + end),
            ("a pax size of letters", pax("size", "x") + entry("x") + end),
            ("a pax record without an end", entry("p", type: "x", content: Array("99 path=x".utf8)) + entry("x") + end),
            ("a pax record of length 0", entry("p", type: "x", content: Array("0 path=x\n".utf8)) + entry("x") + end),
            ("a pax record without a key", entry("p", type: "x", content: Array("5 xxx\n".utf8)) + entry("x") + end),
            ("a global path", entry("g", type: "g", content: Array("10 path=a\n".utf8)) + sound + end),
            ("a long part", pax("path", String(repeating: "a", count: 241)) + entry("x") + end),
        ]
        // Sizes, lengths and order at random places of a sound archive: a byte that is not what it was.
        for offset in stride(from: 0, to: 512, by: 9) {
            var broken = sound + end
            broken[offset] ^= 0x55
            all.append(("byte \(offset) changed", broken))
        }
        return all
    }()

    @Test func `two hundred hostile archives are refused`() async throws {
        #expect(Self.hostile.count >= 200)
        let codes: Set<LibraryError.Code> = [
            .unsafePath, .unsafeEntry, .tooLarge, .malformedArchive, .duplicateFile,
        ]
        for (what, archive) in Self.hostile {
            let packed = try Gzip.pack(archive)
            await expectRefusal(codes, what) { try Tar.unpacked(packed) }
        }
        // The archive that all of them were made from is sound.
        #expect(try Tar.read(Self.sound + Self.end).paths == ["library.yaml"])
    }

    @Test func `bombs are refused while they unpack`() async throws {
        let zeros = try Gzip.pack([UInt8](repeating: 0, count: 40 << 20))
        await expectRefusal([.tooLarge], "a bomb") { try Tar.inflated(zeros) }
        await expectRefusal([.tooLarge], "too many files") {
            var tree = PackageTree()
            for number in 0...PackageTree.mostFiles { try tree.add("f\(number)", []) }
        }
        await expectRefusal([.tooLarge], "too much") {
            var tree = PackageTree()
            for number in 0...64 { try tree.add("f\(number)", [UInt8](repeating: 0, count: 1 << 20)) }
        }
    }

    @Test func `a download that broke off, or with something behind it, is refused`() async throws {
        let packed = try Tar.packed(MadeUpLibrary.tree(MadeUpLibrary.files()))
        for count in stride(from: 0, to: packed.count, by: 7) {
            await expectRefusal([.malformedArchive], "\(count) bytes") { try Tar.inflated(Array(packed.prefix(count))) }
        }
        await expectRefusal([.malformedArchive], "two members") { try Tar.inflated(packed + packed) }
        for offset in stride(from: 0, to: packed.count, by: 5) {
            var broken = packed
            broken[offset] ^= 0x10
            // A change of the header's time or system is none of the content.
            guard let bytes = try? Tar.inflated(broken) else { continue }
            #expect(try bytes == Tar.inflated(packed), "byte \(offset)")
        }
    }
}
