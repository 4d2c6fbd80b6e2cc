package import Engine
internal import CEL
package import Playbooks

/// A library as pages to browse: an index, and a page a playbook, each as HTML and as Markdown.
///
/// Nothing is fetched from anywhere, and what the library says is text wherever it stands.
package struct LibrarySite: Sendable {
    package struct File: Sendable {
        /// Below the folder of the site.
        package var path: String
        package var text: String
    }

    /// A playbook with what only shows beside the others.
    struct Entry: Sendable {
        var playbook: Playbook
        /// `playbook/cause` of what explains each cause.
        var explainedBy: [String: [String]]
        var tests: [PlaybookTestRunner.Result]
        var coverage: [TestCoverage.Row]
        /// What it asks for, a sentence part each.
        var permissions: [String]
    }

    let title: String
    let description: String
    let entries: [Entry]
    /// `playbook/cause`: what links may lead to.
    private let targets: Set<String>

    /// - Parameter permissions: by playbook, what it asks for.
    package init(
        title: String, description: String, playbooks: [Playbook], tests: PlaybookTestRunner.Report,
        permissions: [String: [String]] = [:]
    ) {
        self.title = title
        self.description = description
        var explainedBy: [String: [String]] = [:]
        for playbook in playbooks {
            for cause in playbook.causes {
                for explained in cause.explains {
                    explainedBy[explained, default: []].append("\(playbook.name)/\(cause.id)")
                }
            }
        }
        let results = Dictionary(grouping: tests.results, by: \.playbook)
        let coverage = Dictionary(grouping: TestCoverage(of: playbooks, by: tests.results).rows, by: \.playbook)
        entries = playbooks.sorted { $0.name < $1.name }.map { playbook in
            let own = results[playbook.name] ?? []
            return Entry(
                playbook: playbook,
                explainedBy: Dictionary(
                    uniqueKeysWithValues: playbook.causes.map {
                        ($0.id, explainedBy["\(playbook.name)/\($0.id)"] ?? [])
                    }),
                tests: own, coverage: coverage[playbook.name] ?? [],
                permissions: permissions[playbook.name] ?? [])
        }
        targets = Set(playbooks.flatMap { playbook in playbook.causes.map { "\(playbook.name)/\($0.id)" } })
    }

    /// All of it, in the order of the paths.
    package var files: [File] {
        let pages = SitePages(site: self)
        let markdown = SiteMarkdown(site: self)
        var files = [File(path: "README.md", text: markdown.index), File(path: "index.html", text: pages.index)]
        for entry in entries {
            files.append(File(path: Self.path(of: entry.playbook.name, "html"), text: pages.page(of: entry)))
            files.append(File(path: Self.path(of: entry.playbook.name, "md"), text: markdown.page(of: entry)))
        }
        return files.sorted { $0.path < $1.path }
    }

    /// Whether a page is one of this writer's, so that it may be replaced or taken away.
    package static func isOwn(_ start: some Sequence<UInt8>) -> Bool {
        String(decoding: Array(start), as: UTF8.self).contains(marker)
    }

    /// In every page, near its beginning.
    static let marker = "Written by triage docs."

    static func path(of playbook: String, _ ending: String) -> String { "playbooks/\(playbook).\(ending)" }

    /// Where a reference to a cause leads; `nil` where the site has no such cause.
    func target(of reference: String) -> (playbook: Substring, cause: Substring)? {
        let parts = reference.split(separator: "/")
        return targets.contains(reference) && parts.count == 2 ? (parts[0], parts[1]) : nil
    }
}

extension LibrarySite.Entry {
    /// `12 tests pass`, or how many do not.
    var testSentence: String {
        let failed = tests.count { !$0.failures.isEmpty }
        if tests.isEmpty { return "no tests" }
        let passed = tests.count - failed
        return failed == 0
            ? "\(passed) \(passed == 1 ? "test passes" : "tests pass")" : "\(failed) of \(tests.count) tests fail"
    }
}

extension Symptom {
    /// As written.
    var source: String {
        switch self {
        case .text(let text): text
        case .regex(let pattern): pattern.source
        }
    }

    var isPattern: Bool {
        if case .regex = self { true } else { false }
    }
}

extension FactDeclaration {
    /// The collector with what it is given, on one line.
    var call: String {
        let arguments = parameters.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.written)" }
        return arguments.isEmpty ? collector : "\(collector) (\(arguments.joined(separator: ", ")))"
    }
}

extension FactDeclaration.ParameterValue {
    fileprivate var written: String {
        switch self {
        case .constant(let value): if case .string(let text) = value { text } else { shortText(of: value) }
        case .template(let template): template.source
        case .list(let values): "[\(values.map(\.written).joined(separator: ", "))]"
        case .map(let values):
            "{\(values.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value.written)" }.joined(separator: ", "))}"
        }
    }
}

extension Step {
    /// The command as a person would type it, holes and all, or the sentence.
    var written: (text: String, isCommand: Bool) {
        switch action {
        case .run(let arguments): (commandLine(arguments.map(\.source), isPrivileged: isPrivileged), true)
        case .say(let sentence): (sentence.source, false)
        }
    }
}
