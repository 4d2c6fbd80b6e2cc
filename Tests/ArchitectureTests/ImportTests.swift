import Foundation
import Testing

/// The arrows of ARCHITECTURE.md: what each target may import.
///
/// Swift lets an undeclared import of a target that happens to
/// be built compile, so the sources themselves are read.
struct ImportTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Ours, from the spine to the top.
    static let allowed: [String: Set<String>] = [
        "YAML": ["CLibYAML"],
        "CEL": ["CRE2", "CJSONScan"],
        "Archives": ["CLZMA", "CZlib"],
        "Facts": ["CEL"],
        "Playbooks": ["YAML", "CEL", "Facts"],
        "Engine": ["YAML", "CEL", "Facts", "Playbooks"],
        "Reports": ["CEL", "Facts", "Playbooks", "Engine"],
        "Collectors": ["CTimex", "YAML", "CEL", "Facts", "Archives"],
        "Libraries": ["Archives", "YAML", "CEL", "Facts", "Playbooks"],
        "triage": [
            "YAML", "CEL", "Facts", "Archives", "Playbooks", "Engine", "Reports", "Collectors", "Libraries",
        ],
    ]
    static let ours = Set(allowed.keys).union(["CLibYAML", "CLZMA", "CRE2", "CZlib", "CJSONScan", "CTimex"])
    static let platform: Set<String> = [
        "Foundation", "FoundationEssentials", "Glibc", "Musl", "Darwin", "Synchronization", "Dispatch",
    ]
    /// From YAML to Reports no target depends on a Swift package.
    static let spine: Set<String> = ["YAML", "CEL", "Archives", "Facts", "Playbooks", "Engine", "Reports"]

    @Test(arguments: allowed.keys.sorted())
    func `a target imports only what stands below it`(target: String) throws {
        let permitted = try #require(Self.allowed[target])
        for (file, module) in Self.imports(of: target) {
            if Self.ours.contains(module) {
                #expect(permitted.contains(module), "\(file) imports \(module)")
            } else if Self.spine.contains(target) {
                #expect(Self.platform.contains(module), "\(file) of the spine imports \(module)")
            }
        }
    }

    @Test func `the table names every target`() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            atPath: Self.root.appending(path: "Sources").path(percentEncoded: false))
        #expect(
            Set(folders).subtracting(["CLibYAML", "CLZMA", "CRE2", "CZlib", "CJSONScan", "CTimex", "bench"]).isSubset(
                of: Self.allowed.keys))
    }

    static func imports(of target: String) -> [(file: String, module: String)] {
        swiftFiles(under: "Sources/\(target)").flatMap { file, text in
            text.split(separator: "\n").compactMap { line -> (String, String)? in
                let words = line.split(separator: " ")
                guard let place = words.firstIndex(of: "import"), place <= 2, words.count > place + 1,
                    !line.contains("//")
                        || line.range(of: "import")?.lowerBound ?? line.endIndex
                            < line.range(of: "//")?.lowerBound ?? line.endIndex
                else { return nil }
                let kinds: Set<Substring> = ["struct", "class", "enum", "func", "protocol", "var", "let", "typealias"]
                let index = kinds.contains(words[place + 1]) ? place + 2 : place + 1
                guard words.indices.contains(index) else { return nil }
                return (file, String(words[index].split(separator: ".")[0]))
            }
        }
    }

    static func swiftFiles(under folder: String) -> [(file: String, text: String)] {
        let base = root.appending(path: folder)
        let names = FileManager.default.enumerator(atPath: base.path(percentEncoded: false))
        return (names?.compactMap { $0 as? String } ?? []).filter { $0.hasSuffix(".swift") }.sorted().compactMap {
            name in
            (try? String(contentsOf: base.appending(path: name), encoding: .utf8)).map { ("\(folder)/\(name)", $0) }
        }
    }
}
