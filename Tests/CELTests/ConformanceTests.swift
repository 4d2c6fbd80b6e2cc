import CEL
import Foundation
import Testing

/// cel-spec's own cases.
///
/// They are not part of this project: `TRIAGE_CEL_CASES` names the files (JSON Lines) or the directories they are in,
/// separated by `:`, commas or line breaks; without it they are looked for beside the package, in
/// `../shared/conformance/cel/dev.jsonl`.
@Suite struct CELConformance {
    static let files: [String] = {
        if let named = ProcessInfo.processInfo.environment["TRIAGE_CEL_CASES"], !named.isEmpty {
            return named.split { ":,\n".contains($0) }.flatMap { files(at: String($0)) }
        }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return [package.appending(path: "../shared/conformance/cel/dev.jsonl").standardizedFileURL.path]
    }()

    private static func files(at path: String) -> [String] {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else { return [path] }
        return names.filter { $0.hasSuffix(".jsonl") }.sorted().map { "\(path)/\($0)" }
    }

    static var isThere: Bool { files.allSatisfy { FileManager.default.fileExists(atPath: $0) } }

    /// Cases whose data contradict cel-spec: `?` in a bytes literal is one byte, and no backslash comes before it.
    ///
    /// The conversion left the protobuf text format's escape `\?` as it stood in the expected bytes.
    static let mistaken: Set<String> = [
        "parse/bytes_literals/triple_single_quoted_unescaped_punctuation",
        "parse/bytes_literals/triple_double_quoted_unescaped_punctuation",
    ]

    @Test(.enabled(if: isThere, "CELConformance is skipped: no cases at \(files.joined(separator: ", "))"))
    func `every case that needs no protobuf passes, and every other that plain data can say`() throws {
        var counts: [String: Count] = [:]
        var obstacles: [ConformanceCase.Obstacle: Int] = [:]
        var failures: [String] = []
        for file in Self.files {
            for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
                let test = try ConformanceCase(line: String(line))
                let obstacle = test.needsProtobuf ? test.obstacle : nil
                let failure = test.failure()
                counts[test.file, default: Count()].add(test, passed: failure == nil)
                guard let failure else { continue }
                if let obstacle {
                    obstacles[obstacle, default: 0] += 1
                    print("CELConformance needs protobuf: \(test.name) \(obstacle.rawValue)")
                } else if Self.mistaken.contains(test.name) {
                    print("CELConformance mistaken case: \(test.name) \(failure)")
                } else {
                    failures.append("\(test.name): \(test.expression) \(failure)")
                    print("CELConformance failed: \(failures.last ?? "")")
                }
            }
        }
        for (file, count) in counts.sorted(by: { $0.key < $1.key }) { print("CELConformance \(file): \(count)") }
        print("CELConformance total: \(counts.values.reduce(Count(), +))")
        for obstacle in ConformanceCase.Obstacle.allCases {
            print("CELConformance needs protobuf, not met: \(obstacles[obstacle] ?? 0), each \(obstacle.rawValue)")
        }
        #expect(failures.isEmpty, "\(failures.count) cases failed:\n\(failures.joined(separator: "\n"))")
        #expect(!counts.isEmpty)
    }
}

/// How many cases passed, of how many.
private struct Count: CustomStringConvertible {
    var passed = 0
    var total = 0
    var protobufPassed = 0
    var protobufTotal = 0

    mutating func add(_ test: ConformanceCase, passed hasPassed: Bool) {
        if test.needsProtobuf {
            protobufTotal += 1
            protobufPassed += hasPassed ? 1 : 0
        } else {
            total += 1
            passed += hasPassed ? 1 : 0
        }
    }

    static func + (left: Count, right: Count) -> Count {
        Count(
            passed: left.passed + right.passed, total: left.total + right.total,
            protobufPassed: left.protobufPassed + right.protobufPassed,
            protobufTotal: left.protobufTotal + right.protobufTotal)
    }

    var description: String {
        let protobuf =
            protobufTotal == 0 ? "" : "; \(protobufPassed) of \(protobufTotal) marked needs_protobuf"
        return "\(passed) of \(total) passed\(protobuf)"
    }
}
