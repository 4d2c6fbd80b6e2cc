internal import CEL
internal import Engine
internal import Playbooks

/// The Markdown half of a library's site.
struct SiteMarkdown {
    let site: LibrarySite

    var index: String {
        var lines = ["<!-- \(LibrarySite.marker) -->", "", "# \(prose(site.title))", ""]
        if !site.description.isEmpty { lines += [prose(site.description), ""] }
        lines += ["| playbook | what is wrong | causes | tests |", "|---|---|---|---|"]
        lines += site.entries.map { entry in
            let playbook = entry.playbook
            return
                "| [\(prose(playbook.name))](\(LibrarySite.path(of: playbook.name, "md"))) | \(prose(playbook.title)) "
                + "| \(playbook.causes.count) | \(entry.testSentence) |"
        }
        lines += ["", "## By symptom", "", "| symptom | playbook |", "|---|---|"]
        for entry in site.entries {
            for symptom in entry.playbook.symptoms {
                lines.append(
                    "| \(cell(symptom.source)) | [\(prose(entry.playbook.name))]"
                        + "(\(LibrarySite.path(of: entry.playbook.name, "md"))) |")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    func page(of entry: LibrarySite.Entry) -> String {
        let playbook = entry.playbook
        var lines = [
            "<!-- \(LibrarySite.marker) -->", "", "# \(prose(playbook.title))", "",
            "[\(prose(site.title))](../README.md)", "",
            "\(code(playbook.name)) \(prose(playbook.version)), \(playbook.severity.rawValue)"
                + (playbook.tags.isEmpty ? "" : ", tags: \(playbook.tags.map(prose).joined(separator: ", "))"), "",
        ]
        lines += playbook.overlays.map { "Changed by \(code($0))." } + (playbook.overlays.isEmpty ? [] : [""])
        lines += section(
            "Symptoms", playbook.symptoms.map { "- \($0.isPattern ? "pattern " : "")\(code($0.source))" })
        lines += [
            "## Causes, the most specific first", "", "| cause | when | evidence | remedies |", "|---|---|---|---|",
        ]
        lines += playbook.causes.map { row($0, playbook) }
        lines.append("")
        for cause in playbook.causes { lines += details(cause, entry) }
        lines += section(
            "Definitions", playbook.definitions.map { "- \(code($0.name)): \(code($0.condition.program.source))" })
        lines += section("Facts", playbook.facts.map { "- \(code($0.name)): \(code($0.call))" })
        lines += section("Inputs", playbook.inputs.map { "- \(code($0.name)): \(prose($0.title))" })
        lines += section("Permissions", entry.permissions.map { "- \(prose($0))" })
        if !playbook.remedies.isEmpty { lines += ["## Remedies", ""] + playbook.remedies.flatMap(remedy) }
        lines += section(
            "Tests: \(entry.testSentence)", entry.tests.map { "- \($0.failures.isEmpty ? "✓" : "✗") \(prose($0.name))" }
        )
        lines += section("References", playbook.references.map { "- \(prose($0))" })
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ cause: Cause, _ playbook: Playbook) -> String {
        let remedies = cause.remedies.map { id in
            "[\(prose(playbook.remedies.first { $0.id == id }?.title ?? id))](#remedy-\(id))"
        }
        return "| [\(prose(cause.title))](#cause-\(cause.id)) | \(prose(cause.when.program.words)) "
            + "| \(prose(cause.because?.source ?? "–")) | \(remedies.joined(separator: "; ")) |"
    }

    private func details(_ cause: Cause, _ entry: LibrarySite.Entry) -> [String] {
        var lines = [
            "### cause \(cause.id)", "", prose(cause.title), "", "Holds when \(code(cause.when.program.source)).",
        ]
        if !cause.explains.isEmpty { lines += ["", "It explains \(links(cause.explains))."] }
        if let others = entry.explainedBy[cause.id], !others.isEmpty {
            lines += ["", "It is explained by \(links(others))."]
        }
        if let row = entry.coverage.first(where: { $0.cause == cause.id }) {
            lines += ["", "Tests have it \(row.sentence)."]
        }
        return lines + [""]
    }

    private func links(_ references: [String]) -> String {
        references.map { reference in
            guard let target = site.target(of: reference) else { return code(reference) }
            return "[\(prose(reference))](\(target.playbook).md#cause-\(target.cause))"
        }.joined(separator: ", ")
    }

    private func remedy(_ remedy: Remedy) -> [String] {
        var lines = ["### remedy \(remedy.id)", "", "\(prose(remedy.title)) (\(remedy.risk.rawValue))", ""]
        if let when = remedy.when { lines += ["Where \(code(when.program.source)).", ""] }
        lines += remedy.steps.flatMap(step)
        if let verify = remedy.verify { lines += ["Mended when \(code(verify.program.source)).", ""] }
        if !remedy.rollback.isEmpty { lines += ["Back again:", ""] + remedy.rollback.flatMap(step) }
        return lines
    }

    private func step(_ step: Step) -> [String] {
        let (text, isCommand) = step.written
        return (isCommand ? MarkdownText.fenced(text) : [prose(text)]) + [""]
    }

    private func section(_ title: String, _ lines: [String]) -> [String] {
        lines.isEmpty ? [] : ["## \(title)", ""] + lines + [""]
    }

    private func prose(_ text: String) -> String { MarkdownText.prose(text) }
    private func code(_ text: String) -> String { MarkdownText.code(text) }
    private func cell(_ text: String) -> String { MarkdownText.cell(text) }
}

extension TestCoverage.Row {
    /// `confirmed, ruled out and undetermined`, or what of it.
    var sentence: String {
        let kinds = [
            isConfirmed ? "confirmed" : nil, isRuledOut ? "ruled out" : nil, isUndetermined ? "undetermined" : nil,
        ]
        .compactMap(\.self)
        guard let last = kinds.last else { return "in none of its ways" }
        return kinds.count == 1 ? last : kinds.dropLast().joined(separator: ", ") + " and " + last
    }
}
