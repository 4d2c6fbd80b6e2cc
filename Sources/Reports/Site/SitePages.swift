internal import CEL
internal import Engine
internal import Playbooks

/// The HTML half of a library's site: one style, one small script on the index, no request to anywhere.
struct SitePages {
    let site: LibrarySite

    // MARK: The index

    var index: String {
        let items = site.entries.map { entry in
            let playbook = entry.playbook
            return """
                <li data-words="\(markupText(words(of: playbook)))"><a href="\(LibrarySite.path(of: playbook.name, "html"))">\
                \(markupText(playbook.title))</a> <code>\(markupText(playbook.name))</code> \
                <span class="dim">\(playbook.severity.rawValue), \(count(playbook.causes.count, "cause")), \
                \(entry.testSentence)</span></li>
                """
        }
        let symptoms = site.entries.flatMap { entry in
            entry.playbook.symptoms.map { symptom in
                "<tr><td><code>\(markupText(symptom.source))</code></td><td>"
                    + "<a href=\"\(LibrarySite.path(of: entry.playbook.name, "html"))\">\(markupText(entry.playbook.name))</a></td></tr>"
            }
        }
        let description = site.description.isEmpty ? "" : "<p>\(markupText(site.description))</p>"
        return page(
            title: site.title, script: SiteStyle.search,
            body: """
                <h1>\(markupText(site.title))</h1>
                \(description)
                <p><label for="q">What do you see? Paste the error, or some words of it.</label>
                <input id="q" type="search" autocomplete="off" spellcheck="false" autofocus></p>
                <ul id="list">
                \(items.joined(separator: "\n"))
                </ul>
                <p id="none" hidden>No playbook speaks of that.</p>
                <h2>By symptom</h2>
                <table><tr><th>symptom</th><th>playbook</th></tr>
                \(symptoms.joined(separator: "\n"))
                </table>
                """)
    }

    /// What the index is searched by: every word once.
    private func words(of playbook: Playbook) -> String {
        let texts =
            [playbook.name, playbook.title] + playbook.tags + playbook.symptoms.map(\.source)
            + playbook.causes.flatMap { [$0.id, $0.title] }
        var seen: Set<String> = []
        return texts.flatMap { $0.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init) }
            .filter { $0.utf8.count > 1 && seen.insert($0).inserted }.joined(separator: " ")
    }

    // MARK: A playbook

    func page(of entry: LibrarySite.Entry) -> String {
        let playbook = entry.playbook
        var parts = [
            "<p><a href=\"../index.html\">\(markupText(site.title))</a></p>", "<h1>\(markupText(playbook.title))</h1>",
            "<p><code>\(markupText(playbook.name))</code> \(markupText(playbook.version)) "
                + "<span class=\"badge \(playbook.severity.rawValue)\">\(playbook.severity.rawValue)</span> "
                + playbook.tags.map { "<span class=\"badge\">\(markupText($0))</span>" }.joined(separator: " ")
                + "</p>",
        ]
        parts += playbook.overlays.map { "<p>Changed by \(code($0)).</p>" }
        parts.append(
            items("Symptoms", playbook.symptoms.map { ($0.isPattern ? "pattern " : "") + code($0.source) }))
        parts.append(causes(entry))
        parts.append(
            table(
                "Definitions", ["name", "expression"],
                playbook.definitions.map { [code($0.name), code($0.condition.program.source)] }))
        parts.append(table("Facts", ["name", "collector"], playbook.facts.map { [code($0.name), code($0.call)] }))
        parts.append(
            table("Inputs", ["name", "meaning"], playbook.inputs.map { [code($0.name), markupText($0.title)] }))
        parts.append(items("Permissions", entry.permissions.map(markupText)))
        if !playbook.remedies.isEmpty { parts.append("<h2>Remedies</h2>") }
        parts += playbook.remedies.map(remedy)
        parts.append(
            items(
                "Tests: \(entry.testSentence)",
                entry.tests.map { ($0.failures.isEmpty ? "✓ " : "✗ ") + markupText($0.name) }))
        parts.append(items("References", playbook.references.map(reference)))
        return page(title: playbook.title, body: parts.filter { !$0.isEmpty }.joined(separator: "\n"))
    }

    /// The decision table.
    private func causes(_ entry: LibrarySite.Entry) -> String {
        let rows = entry.playbook.causes.map { cause in
            let remedies = cause.remedies.map { id in
                let title = entry.playbook.remedies.first { $0.id == id }?.title ?? id
                return "<a href=\"#remedy-\(id)\">\(markupText(title))</a>"
            }
            var about = "<strong>\(markupText(cause.title))</strong><br>\(code(cause.id))"
            if !cause.explains.isEmpty { about += "<br>explains \(links(cause.explains))" }
            if let others = entry.explainedBy[cause.id], !others.isEmpty {
                about += "<br>explained by \(links(others))"
            }
            if let row = entry.coverage.first(where: { $0.cause == cause.id }) {
                about += "<br><span class=\"dim\">tests have it \(row.sentence)</span>"
            }
            return "<tr id=\"cause-\(cause.id)\"><td>\(about)</td>"
                + "<td>\(markupText(cause.when.program.words))<details><summary>condition</summary>"
                + "<pre>\(markupText(cause.when.program.source))</pre></details></td>"
                + "<td>\(markupText(cause.because?.source ?? "–"))</td><td>\(remedies.joined(separator: "<br>"))</td></tr>"
        }
        return "<h2>Causes, the most specific first</h2><table><tr><th>cause</th><th>when</th><th>evidence</th>"
            + "<th>remedies</th></tr>\n" + rows.joined(separator: "\n") + "</table>"
    }

    private func links(_ references: [String]) -> String {
        references.map { reference in
            guard let target = site.target(of: reference) else { return code(reference) }
            return "<a href=\"\(target.playbook).html#cause-\(target.cause)\">\(markupText(reference))</a>"
        }.joined(separator: ", ")
    }

    private func remedy(_ remedy: Remedy) -> String {
        var text =
            "<article id=\"remedy-\(remedy.id)\"><h3>\(markupText(remedy.title)) "
            + "<span class=\"badge \(remedy.risk.rawValue)\">\(remedy.risk.rawValue)</span></h3>"
        if let when = remedy.when { text += "<p>Where \(code(when.program.source)).</p>" }
        text += remedy.steps.map(step).joined()
        if let verify = remedy.verify { text += "<p>Mended when \(code(verify.program.source)).</p>" }
        if !remedy.rollback.isEmpty { text += "<p>Back again:</p>" + remedy.rollback.map(step).joined() }
        return text + "</article>"
    }

    private func step(_ step: Step) -> String {
        let (text, isCommand) = step.written
        return isCommand ? "<pre>\(markupText(text))</pre>" : "<p>\(markupText(text))</p>"
    }

    /// A link only where it leads to the web.
    private func reference(_ text: String) -> String {
        guard text.hasPrefix("https://") || text.hasPrefix("http://") else { return markupText(text) }
        return "<a href=\"\(markupText(text))\" rel=\"noreferrer\">\(markupText(text))</a>"
    }

    // MARK: Pieces

    private func code(_ text: String) -> String { "<code>\(markupText(text))</code>" }

    /// Items and cells are markup already.
    private func items(_ title: String, _ items: [String]) -> String {
        items.isEmpty ? "" : "<h2>\(title)</h2><ul>\n\(items.map { "<li>\($0)</li>" }.joined(separator: "\n"))</ul>"
    }

    private func table(_ title: String, _ head: [String], _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let lines = [head.map { "<th>\($0)</th>" }] + rows.map { $0.map { "<td>\($0)</td>" } }
        return "<h2>\(title)</h2><table>" + lines.map { "<tr>\($0.joined())</tr>" }.joined(separator: "\n") + "</table>"
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private func page(title: String, script: String = "", body: String) -> String {
        let policy =
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
            + (script.isEmpty ? "" : "; script-src '\(SiteStyle.searchDigest)'")
        return """
            <!DOCTYPE html>
            <html lang="en"><head><meta charset="utf-8">
            <!-- \(LibrarySite.marker) -->
            <meta http-equiv="Content-Security-Policy" content="\(policy)">
            <meta name="viewport" content="width=device-width, initial-scale=1"><title>\(markupText(title))</title>
            <style>\(SiteStyle.sheet)</style></head><body>
            \(body)
            \(script.isEmpty ? "" : "<script>\(script)</script>\n")</body></html>

            """
    }
}
