import CEL
import Collectors
import Engine
import Facts
import Foundation
import Playbooks
import TestSupport
import Testing
import YAML

/// What people pasted in public threads: the right playbook comes first, and nothing wrong is confirmed.
///
/// Half of it only looks like a symptom. Facts come from the text alone, and once from a machine on which nothing is.
struct PasteTests {
    struct Paste: Sendable, CustomTestStringConvertible {
        var name: String
        /// The thread it is from.
        var source: String
        var text: String
        /// The playbook that must come first; `nil`: none may claim the text.
        var playbook: String?
        /// What the text alone decides, as `playbook/cause`.
        var cause: String?
        /// What a machine without a kubeconfig confirms beside it.
        var here: [String]

        var testDescription: String { name }

        init?(_ node: Node) {
            guard let name = node["name"]?.text, let source = node["source"]?.text, let text = node["text"]?.text else {
                return nil
            }
            (self.name, self.source, self.text) = (name, source, text)
            playbook = node["playbook"]?.text
            cause = node["cause"]?.text
            here = node["here"]?.texts ?? []
        }
    }

    static let pastes: [Paste] = ["access", "nodes-and-etcd", "workloads", "lookalikes"].flatMap { file in
        let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Pastes/\(file).yaml")
        let result = parse((try? Data(contentsOf: url)) ?? Data(), limits: .playbook)
        guard case .sequence(let items)? = result.documents.first?.content, result.errors.isEmpty else {
            return [Paste]()
        }
        return items.compactMap(Paste.init)
    }

    static let library: PlaybookLibrary = {
        let folder = TriageCommand.root.appending(path: "playbooks")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path(percentEncoded: false))) ?? []
        let contents = names.sorted().filter { $0.hasSuffix(".yaml") }.compactMap { name in
            (try? Data(contentsOf: folder.appending(path: name))).map {
                PlaybookFiles.Content(file: "playbooks/\(name)", bytes: Array($0))
            }
        }
        return PlaybookLibrary([contents], loader: Loader(catalogue: .builtIn))
    }()

    static let matcher = SymptomMatcher(library.playbooks)

    static let now = Timestamp(seconds: 1_795_478_400)

    private func diagnose(_ text: String, from source: FactSource? = nil) async -> Diagnosis {
        var diagnostician = Diagnostician(
            library: Self.library, catalogue: .builtIn, source: source ?? .snapshot(Snapshot(now: Self.now)),
            // However busy the machine: nothing is waited for here.
            sleep: { _ in try await Task.sleep(for: .seconds(86_400)) })
        diagnostician.matcher = Self.matcher
        return await diagnostician.diagnose(Inquiry(text: text))
    }

    @Test func `there are enough, each with its source, half of them look-alikes`() {
        let lookalikes = Self.pastes.filter { $0.playbook == nil }
        #expect(lookalikes.count >= 60)
        #expect(Self.pastes.count - lookalikes.count >= 100)
        #expect(Set(Self.pastes.map(\.name)).count == Self.pastes.count)
        #expect(Self.pastes.allSatisfy { $0.source.hasPrefix("https://") })
        let playbooks = Set(Self.library.playbooks.map(\.name))
        #expect(Set(Self.pastes.compactMap(\.playbook)).subtracting(playbooks) == [])
    }

    @Test(arguments: pastes)
    func `the text alone leads to the playbook and confirms nothing wrong`(paste: Paste) async {
        let diagnosis = await diagnose(paste.text)
        #expect(diagnosis.symptoms.first?.playbook == paste.playbook, "\(diagnosis.symptoms.map(\.playbook))")
        #expect(diagnosis.confirmed == (paste.cause.map { [$0] } ?? []))
        #expect(diagnosis.failed == [])
    }

    @Test(arguments: pastes.filter { $0.playbook != nil })
    func `on a machine where nothing is, nothing wrong is confirmed either`(paste: Paste) async {
        let surroundings = Surroundings(
            homeDirectory: "/home/nobody", text: paste.text, now: Self.now, effects: MadeUpWorld())
        let diagnosis = await diagnose(paste.text, from: .live(surroundings))
        #expect(Set(diagnosis.confirmed) == Set(paste.here + (paste.cause.map { [$0] } ?? [])))
        #expect(diagnosis.failed == [])
    }

    /// What terminals, trackers and editors make of a text.
    enum Form: String, CaseIterable {
        case coloured, quotation, carriageReturns, logPrefix, jsonString, typographicQuotes, wrapped, indentedTwice

        func applied(to text: String) -> String {
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            return switch self {
            case .coloured:
                lines.map { $0.replacing("error", with: "\u{1B}[31merror\u{1B}[0m") }
                    .map { "\u{1B}[1;33m\($0)\u{1B}[0m" }.joined(separator: "\n")
            case .quotation: lines.map { "> \($0)" }.joined(separator: "\n")
            case .carriageReturns: lines.joined(separator: "\r\n")
            case .logPrefix: lines.map { "2026-11-24T08:00:00.123456789Z stderr F \($0)" }.joined(separator: "\n")
            case .jsonString: (try? JSONWriter().string(.string(text))) ?? text
            case .typographicQuotes:
                text.replacing(/"([^"\n]*)"/) { "\u{201C}\($0.output.1)\u{201D}" }.replacing("'", with: "\u{2019}")
            case .wrapped: lines.flatMap { Self.broken($0, at: 80) }.joined(separator: "\n")
            case .indentedTwice: lines.map { "        \($0)" }.joined(separator: "\n")
            }
        }

        /// Where a terminal of so many columns breaks a line.
        private static func broken(_ line: String, at width: Int) -> [String] {
            var rest = Substring(line)
            var lines: [String] = []
            while rest.count > width {
                lines.append(String(rest.prefix(width)))
                rest = rest.dropFirst(width)
            }
            return lines + [String(rest)]
        }
    }

    @Test(arguments: Form.allCases)
    func `the form of a text changes its playbook in at most one of twenty`(form: Form) {
        let matcher = SymptomMatcher(Self.library.playbooks)
        let wrong = Self.pastes.filter { paste in
            matcher.matches(in: form.applied(to: paste.text)).first?.playbook != paste.playbook
        }
        #expect(wrong.count * 20 <= Self.pastes.count, "\(wrong.map(\.name))")
    }
}

extension Diagnosis {
    /// `playbook/cause` of the confirmed findings, in order.
    fileprivate var confirmed: [String] { causes(.confirmed) }
    fileprivate var failed: [String] { causes(.failed) }

    private func causes(_ status: Finding.Status) -> [String] {
        findings.filter { $0.status == status }.map { "\($0.playbook)/\($0.cause)" }
    }
}

extension Node {
    fileprivate var text: String? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar.text
    }

    fileprivate var texts: [String]? {
        guard case .sequence(let items) = content else { return nil }
        return items.compactMap(\.text)
    }
}
