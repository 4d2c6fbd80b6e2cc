internal import CEL
internal import YAML

extension PlaybookBuilder {
    mutating func buildRemedies() -> [Remedy] {
        var remedies: [Remedy] = []
        for entry in specification?.mapping("remedies")?.entries ?? [] {
            guard let mapping = Mapping(entry.value) else { continue }
            let when = expressions.condition(mapping["when"])
            let steps = mapping.elements("steps").compactMap { buildStep($0) }
            let verify = expressions.condition(mapping["verify"])
            let rollback = mapping.elements("rollback").compactMap { buildStep($0) }
            guard let risk = mapping.choice("risk", Remedy.Risk.self) else { continue }
            remedies.append(
                Remedy(
                    id: entry.key, title: mapping.text("title") ?? entry.key, risk: risk, when: when, steps: steps,
                    verify: verify, rollback: rollback, location: source.location(of: entry.keyNode)))
        }
        return remedies
    }

    private mutating func buildStep(_ node: Node) -> Step? {
        guard let mapping = Mapping(node) else { return nil }
        let when = expressions.condition(mapping["when"])
        let isPrivileged = mapping.bool("privileged") ?? false
        if mapping["run"] != nil {
            let elements = mapping.elements("run")
            checkExecutable(elements.first)
            checkShell(elements)
            let arguments = elements.compactMap { expressions.template($0) }
            guard arguments.count == elements.count else { return nil }
            return Step(action: .run(arguments), isPrivileged: isPrivileged, when: when)
        }
        guard let text = expressions.template(mapping["say"]) else { return nil }
        return Step(action: .say(text), isPrivileged: isPrivileged, when: when)
    }

    /// What is run is written out: it can be read before it is agreed to.
    private mutating func checkExecutable(_ node: Node?) {
        guard let node, let text = node.text else { return }
        if TemplateText.hasHole(text) {
            report(.executableNotLiteral, "the command itself must be written out, not filled in with {{ }}", at: node)
        } else if text.isBlank || text.hasPrefix("-") {
            report(.invalidValue, "\(text.quotedForMessage) is not a command; expected its name or path", at: node)
        } else if text.contains(where: \.isWhitespace) {
            let words = text.split(whereSeparator: \.isWhitespace).joined(separator: ", ")
            report(
                .invalidValue,
                "there is no shell: \(text.quotedForMessage) would be the name of one command; expected"
                    + " the arguments one by one", at: node, suggestion: words)
        }
    }

    private static let shells: Set<Substring> = ["sh", "bash", "dash", "ash", "zsh", "ksh", "fish", "busybox"]

    /// Values are never parsed again; in a shell's script they would be.
    private mutating func checkShell(_ elements: [Node]) {
        let texts = elements.map { $0.text ?? "" }
        guard let shell = texts.firstIndex(where: { Self.shells.contains($0.split(separator: "/").last ?? "") }),
            let option = texts[shell...].firstIndex(where: { $0.isShortOption(with: "c") }), option + 1 < texts.count,
            TemplateText.hasHole(texts[option + 1])
        else { return }
        report(
            .shellInjection,
            "a value that is filled into a script could be run by the shell; give it as an argument behind the script"
                + " and use \"$1\" there", at: elements[option + 1])
    }
}

extension String {
    /// Whether the text is `-c`, or several options in one such as `-ec`.
    fileprivate func isShortOption(with letter: Character) -> Bool {
        hasPrefix("-") && !hasPrefix("--") && dropFirst().contains(letter)
    }
}
