internal import CEL
package import Playbooks

/// What a new version brings, in words.
package enum LibraryChange {
    package static func words(
        from old: (package: LibraryPackage, playbooks: [Playbook])?,
        to new: (package: LibraryPackage, playbooks: [Playbook])
    ) -> [String] {
        var lines: [String] = []
        let (before, after) = (named(old?.playbooks ?? []), named(new.playbooks))
        lines += difference(
            Set(before.keys), Set(after.keys), "playbook")
        for name in Set(before.keys).intersection(after.keys).sorted() {
            guard let one = before[name], let two = after[name] else { continue }
            let found = difference(of: one, two)
            // Whatever else is in the file: texts, versions, tags.
            let isOther =
                found.isEmpty
                && old.map { $0.package.content(of: one.file) != new.package.content(of: two.file) } ?? false
            lines += isOther ? ["~ playbook \(name), in its texts"] : found
        }
        guard let old else {
            return lines + new.playbooks.flatMap { difference([], commands($0), "command of \($0.name):") }
        }
        let (earlier, manifest) = (old.package.manifest, new.package.manifest)
        lines += difference(Set(earlier.permissions.words), Set(manifest.permissions.words), "permission:")
        lines += difference(Set(earlier.owners), Set(manifest.owners), "owner:")
        if earlier.channel != manifest.channel {
            lines.append("~ channel: \(manifest.channel), was \(earlier.channel)")
        }
        return lines
    }

    private static func difference(of old: Playbook, _ new: Playbook) -> [String] {
        let name = new.name
        var lines = difference(Set(old.symptoms.map(words)), Set(new.symptoms.map(words)), "symptom of \(name):")
        lines += difference(Set(old.causes.map(\.id)), Set(new.causes.map(\.id)), "cause of \(name):")
        for cause in new.causes {
            guard let before = old.causes.first(where: { $0.id == cause.id }),
                before.when.program.source != cause.when.program.source
            else { continue }
            lines.append("~ condition of \(name)/\(cause.id): \(cause.when.program.source)")
        }
        return lines + difference(commands(old), commands(new), "command of \(name):")
    }

    private static func words(_ symptom: Symptom) -> String {
        switch symptom {
        case .text(let text): text
        case .regex(let pattern): "/\(pattern.source)/"
        }
    }

    private static func named(_ playbooks: [Playbook]) -> [String: Playbook] {
        Dictionary(playbooks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    private static func commands(_ playbook: Playbook) -> Set<String> {
        Set(
            playbook.remedies.flatMap { $0.steps + $0.rollback }.compactMap { step in
                if case .run(let arguments) = step.action {
                    arguments.map(\.source).joined(separator: " ")
                } else {
                    nil
                }
            })
    }

    private static func difference(_ old: Set<String>, _ new: Set<String>, _ what: String) -> [String] {
        new.subtracting(old).sorted().map { "+ \(what) \($0)" }
            + old.subtracting(new).sorted().map { "- \(what) \($0)" }
    }
}
