import CEL
import Foundation
import Testing

/// cel-spec's own cases.
///
/// They are not part of this project: `TRIAGE_CEL_CASES` names the files (JSON Lines, separated by `:`); without it they
/// are looked for beside the package, in `../shared/conformance/cel/dev.jsonl`.
@Suite struct CELConformance {
    static let files: [String] = {
        if let named = ProcessInfo.processInfo.environment["TRIAGE_CEL_CASES"], !named.isEmpty {
            return named.split(separator: ":").map(String.init)
        }
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return [package.appending(path: "../shared/conformance/cel/dev.jsonl").standardizedFileURL.path]
    }()

    static var isThere: Bool { files.allSatisfy { FileManager.default.fileExists(atPath: $0) } }

    /// Cases whose data contradict cel-spec: `?` in a bytes literal is one byte, and no backslash comes before it.
    ///
    /// The conversion left the protobuf text format's escape `\?` as it stood in the expected bytes.
    static let mistaken: Set<String> = [
        "parse/bytes_literals/triple_single_quoted_unescaped_punctuation",
        "parse/bytes_literals/triple_double_quoted_unescaped_punctuation",
    ]

    @Test(.enabled(if: isThere, "CELConformance is skipped: no cases at \(files.joined(separator: ", "))"))
    func `every case that needs no protobuf passes`() throws {
        var counts: [String: (passed: Int, total: Int, protobufPassed: Int, protobufTotal: Int)] = [:]
        var failures: [String] = []
        var protobufPassed: [String] = []
        for file in Self.files {
            for line in try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n") {
                let test = try ConformanceCase(line: String(line))
                var count = counts[test.file] ?? (0, 0, 0, 0)
                let failure = test.failure()
                if test.needsProtobuf {
                    count.protobufTotal += 1
                    if failure == nil {
                        count.protobufPassed += 1
                        protobufPassed.append(test.name)
                    }
                } else {
                    count.total += 1
                    if failure == nil { count.passed += 1 }
                    if let failure {
                        if Self.mistaken.contains(test.name) {
                            print("CELConformance mistaken case: \(test.name) \(failure)")
                        } else {
                            failures.append("\(test.name): \(test.expression) \(failure)")
                        }
                    }
                }
                counts[test.file] = count
            }
        }
        for (file, count) in counts.sorted(by: { $0.key < $1.key }) {
            let protobuf =
                count.protobufTotal == 0
                ? "" : "; \(count.protobufPassed) of \(count.protobufTotal) marked needs_protobuf"
            print("CELConformance \(file): \(count.passed) of \(count.total) passed\(protobuf)")
        }
        let passed = counts.values.reduce(0) { $0 + $1.passed }
        let total = counts.values.reduce(0) { $0 + $1.total }
        let protobuf = counts.values.reduce(0) { $0 + $1.protobufTotal }
        print(
            "CELConformance total: \(passed) of \(total) passed; \(protobufPassed.count) of \(protobuf) needs_protobuf")
        if ProcessInfo.processInfo.environment["TRIAGE_CEL_VERBOSE"] != nil {
            for name in protobufPassed { print("CELConformance passed without protobuf: \(name)") }
        }
        #expect(failures.isEmpty, "\(failures.count) cases failed:\n\(failures.joined(separator: "\n"))")
        #expect(total > 0)
    }
}
