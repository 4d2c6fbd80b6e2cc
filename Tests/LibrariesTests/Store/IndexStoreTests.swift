import Foundation
import Testing

@testable import Libraries

@Suite struct IndexStoreTests {
    private let home = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID().uuidString)")
    private var folder: URL { home.appending(path: ".cache/triage/index") }

    private func store(_ environment: [String: String]? = nil) -> IndexStore {
        IndexStore(environment: environment ?? ["HOME": home.path])
    }

    @Test func `what was written is read, and damaged bytes are not`() throws {
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        let store = store()
        let bytes = (0..<500).map { UInt8($0 % 251) }
        #expect(store.read("ab12") == nil)
        store.write("ab12", bytes)
        #expect(store.read("ab12") == bytes)
        #expect(store.read("ab13") == nil)
        let file = folder.appending(path: "ab12.index")
        let whole = try Data(contentsOf: file)
        for index in stride(from: 0, to: whole.count, by: 13) {
            var damaged = whole
            damaged[index] ^= 0x20
            try damaged.write(to: file)
            #expect(store.read("ab12") == nil)
        }
        for count in [0, 7, 10, 64, whole.count - 1] {
            try whole.prefix(count).write(to: file)
            #expect(store.read("ab12") == nil)
        }
        store.write("ab12", bytes)
        #expect(store.read("ab12") == bytes)
    }

    @Test func `a key is a digest and never a path`() throws {
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        for key in ["", "../x", "a/b", "AB", "é"] {
            store().write(key, [1])
            #expect(store().read(key) == nil)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path))
    }

    @Test func `where nothing can be kept nothing happens`() throws {
        store(["HOME": "/nonexistent/home"]).write("ab", [1])
        #expect(!FileManager.default.fileExists(atPath: "/nonexistent/home"))
        store([:]).write("ab", [1])
        #expect(store([:]).read("ab") == nil)
        // A file stands where the folder should be.
        try Data().write(to: home)
        defer { try? FileManager.default.removeItem(at: home) }
        store(["XDG_CACHE_HOME": home.path]).write("ab", [1])
        #expect(store(["XDG_CACHE_HOME": home.path]).read("ab") == nil)
    }

    @Test func `old indexes go`() throws {
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: home) }
        let store = store()
        for number in 0..<30 { store.write(String(number, radix: 16), [UInt8(number)]) }
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 8)
        #expect(store.read("1d") == [29])
    }
}
