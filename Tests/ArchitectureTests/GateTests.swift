import Foundation
import Testing

/// Hostile input meets one gate each for spawning, connecting, opening, printing and loading; these tests list every call
/// outside of it and must find none.
struct GateTests {
    struct Gate: Sendable, CustomTestStringConvertible {
        var name: String
        /// What such a call looks like.
        var pattern: String
        /// The files, or folders, that may do it.
        var allowed: [String]

        var testDescription: String { name }
    }

    static let gates = [
        Gate(
            name: "spawn",
            pattern: #"\b(Process\(\)|posix_spawnp?\(|fork\(\)|execve?\(|Subprocess\.run\(|\bimport Subprocess)"#,
            allowed: ["Sources/Collectors/Effects/", "Sources/Libraries/Effects/"]),
        Gate(
            name: "connect",
            pattern: #"\b(HTTPClient\(|ClientBootstrap\(|socket\(|getaddrinfo\(|URLSession|import AsyncHTTPClient)"#,
            allowed: ["Sources/Collectors/Effects/", "Sources/Libraries/Effects/"]),
        Gate(
            name: "open",
            pattern:
                #"\b(FileManager\b|(Data|String)\(contentsOf|FileHandle\b|fopen\(|openat?\(|opendir\(|createFile\(|mkstemp\()"#,
            allowed: [
                "Sources/Collectors/Effects/", "Sources/Libraries/Effects/", "Sources/triage/Files.swift",
                "Sources/triage/Places.swift", "Sources/Archives/ArchiveFile.swift",
                // A file without a name, for what is unpacked.
                "Sources/Archives/Spool.swift",
                // Only the machine's own time zone folders.
                "Sources/CEL/Values/TimeZoneRules.swift",
            ]),
        Gate(
            name: "print", pattern: #"(\bprint\(|\bfputs\(|\bfprintf\(|\bputs\(|Glibc\.write\(|FileHandle\.standard)"#,
            allowed: [
                "Sources/triage/Output.swift", "Sources/triage/Files.swift", "Sources/bench/",
                "Sources/Archives/ArchiveFile.swift", "Sources/Archives/Spool.swift",
            ]),
        // What it reaches for a playbook is behind the playbook's permissions there.
        Gate(
            name: "ask a collector", pattern: #"\bcollector\.collect\("#,
            allowed: ["Sources/Engine/Diagnostician+Collection.swift", "Sources/Collectors/Plan/"]),
        Gate(
            name: "load a playbook", pattern: #"[ (=]Playbook\("#, allowed: ["Sources/Playbooks/"]),
    ]

    @Test(arguments: gates)
    func `nothing goes around the gate`(gate: Gate) throws {
        let pattern = try Regex(gate.pattern)
        var around: [String] = []
        for (file, text) in ImportTests.swiftFiles(under: "Sources") {
            guard !gate.allowed.contains(where: { file.hasPrefix($0) }) else { continue }
            for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                let code = line.range(of: "//").map { line[..<$0.lowerBound] } ?? line[...]
                if code.contains(pattern) { around.append("\(file):\(number + 1): \(line)") }
            }
        }
        #expect(around == [])
    }

    @Test func `the gates themselves are found by the patterns`() throws {
        // A pattern that matches nothing anywhere would pass for ever.
        let sources = ImportTests.swiftFiles(under: "Sources")
        for gate in Self.gates {
            let pattern = try Regex(gate.pattern)
            let isFound = sources.contains { file, text in
                gate.allowed.contains { file.hasPrefix($0) } && text.contains(pattern)
            }
            #expect(isFound, "\(gate.name) is nowhere")
        }
    }
}
