internal import CEL
package import Facts

/// The reference of all collectors, in Markdown: docs/facts.md is made of it.
package struct CataloguePage: Sendable {
    package let text: String

    package init(_ catalogue: Catalogue) {
        let declarations = catalogue.collectors.map(\.declaration)
        var parts = [Self.introduction, Self.overview(declarations), Self.reasons]
        parts += declarations.map(Self.section)
        text = parts.joined(separator: "\n")
    }

    private static let introduction = """
        # Facts

        Every collector of triage: what it gives, what asking costs, and what must be allowed for it. Playbooks name a
        collector under `facts`; conditions are checked against the types below, so that a misspelt field is found when
        the playbook is loaded. `triage facts show NAME` prints the same, `triage facts collect NAME` the values here.

        This page is written by `triage facts docs`; `make golden` brings it up to date.

        A field that does not apply is absent: conditions ask with `has`. What could not be seen is unknown with a reason,
        for the whole fact or for a part of it, and never an empty list or a default.

        Cheaper facts are asked first: `memory` (what is there already), `file`, `command`, `network`, `list` (many
        requests, or lists that may be long).

        A diagnosis reads long lists as they arrive and keeps of each object only what the conditions, texts and remedies of
        the playbooks that take part read; what nobody reads is looked at for its brackets and quotes alone: where they do not
        fit together the list is unknown (`malformed`), and what else is wrong there changes no answer. Facts that are saved or
        laid out (`triage collect`, `triage explain`) are whole.

        """

    private static func overview(_ declarations: [Declaration]) -> String {
        table(
            ["collector", "gives", "cost"],
            declarations.map { ["[`\($0.name)`](#\(anchor($0.name)))", $0.summary, "\($0.cost)"] })
    }

    /// As GitHub and others make it of a heading: dots are dropped.
    private static func anchor(_ name: String) -> String { name.lowercased().filter { $0 != "." } }

    private static var reasons: String {
        "## Why a fact is unknown\n\n"
            + table(["reason", "meaning"], Unknown.Reason.allCases.map { ["`\($0.rawValue)`", $0.meaning] })
    }

    private static func section(_ declaration: Declaration) -> String {
        var text = "## \(declaration.name)\n\n\(declaration.summary)\n\n"
        text += "- Cost: \(declaration.cost)\n"
        let privileges = declaration.privileges.map(\.text)
        text += "- Needs: \(privileges.isEmpty ? "nothing" : privileges.joined(separator: "; "))\n"
        if !declaration.asks.isEmpty {
            let asks = declaration.asks.map { "`\($0)`" }.joined(separator: ", ")
            text += "- Of a library's playbook: within its `resources`, \(asks)\n"
        }
        if !declaration.secrets.isEmpty { text += "- Never shown: \(declaration.secrets.joined(separator: "; "))\n" }
        if declaration.readsInPart { text += "- A diagnosis keeps only what is read of it\n" }
        if !declaration.parameters.isEmpty {
            text += "\n" + table(["parameter", "type", "meaning"], declaration.parameters.map(row))
        }
        text += "\n" + table(["field", "type", "meaning"], rows(of: declaration.returns, path: "", declaration))
        return text
    }

    private static func row(_ parameter: Declaration.Parameter) -> [String] {
        var meaning = parameter.summary
        if parameter.isRequired { meaning = "required; " + meaning }
        if let value = parameter.defaultValue { meaning += " (default: `\(plain(value))`)" }
        if let permission = parameter.names?.permission {
            meaning += "; of a library's playbook, within its `\(permission)`"
        }
        return ["`\(parameter.name)`", "\(parameter.type)", meaning]
    }

    private static func plain(_ value: Value) -> String {
        if case .string(let text) = value { text } else { "\(value)" }
    }

    /// One row a field by its dotted path; a list's elements have `[]` behind the list's own.
    private static func rows(of type: ValueType, path: String, _ declaration: Declaration) -> [[String]] {
        let meaning = declaration.fields[path.replacing("[]", with: "")] ?? ""
        let shown = path.isEmpty ? "(whole)" : "`\(path)`"
        switch type {
        case .object(let fields):
            let own = meaning.isEmpty ? [] : [[shown, "object", meaning]]
            return own
                + fields.sorted { $0.key < $1.key }.flatMap { name, type in
                    rows(of: type, path: path.isEmpty ? name : "\(path).\(name)", declaration)
                }
        case .list(.object(let fields)):
            return [[shown, "list", meaning]]
                + fields.sorted { $0.key < $1.key }.flatMap { name, type in
                    rows(of: type, path: path.isEmpty ? "[].\(name)" : "\(path)[].\(name)", declaration)
                }
        default: return [[shown, "\(type)", meaning]]
        }
    }

    private static func table(_ head: [String], _ rows: [[String]]) -> String {
        let lines = [head, head.map { _ in "---" }] + rows
        return lines.map { "| " + $0.map(cell).joined(separator: " | ") + " |\n" }.joined()
    }

    private static func cell(_ text: String) -> String {
        text.replacing("|", with: "\\|").replacing("\n", with: " ")
    }
}

extension Unknown.Reason {
    fileprivate var meaning: String {
        switch self {
        case .denied: "The server or the operating system said no."
        case .notFound: "What would tell does not exist: a file, a command, a resource."
        case .timedOut: "No answer within the time."
        case .notApplicable: "The question makes no sense here, such as etcd's state on a machine without etcd."
        case .needsRoot: "Only root may see it."
        case .noKubeconfig: "No kubeconfig leads to a cluster."
        case .notCollected: "Nobody asked: triage works offline, or the snapshot does not hold it."
        case .unreachable: "The peer could not be reached."
        case .redacted: "It was removed on purpose, because it is or may be a secret."
        case .truncated: "Only a part of it arrived."
        case .malformed: "It arrived and could not be read."
        case .notAllowed: "Policy forbids it: a playbook that is not trusted to run commands or to send requests."
        case .inputMissing: "A person must say something first."
        }
    }
}
