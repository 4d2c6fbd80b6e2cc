internal import CEL
internal import Playbooks

extension ProposedRemedy {
    /// The remedy as it would be done here; `nil` where its precondition does not hold.
    init?(_ remedy: Remedy, in scope: Scope) {
        var notes: [String] = []
        switch remedy.when.map({ Verdict(scope.value(of: $0)) }) {
        case nil, .confirmed: break
        case .ruledOut: return nil
        case .undetermined(let set):
            let lacking = scope.missing(set).map(\.fact).joined(separator: ", ")
            notes.append("it could not be seen whether this applies here: \(lacking) not known")
        case .failed(let error): notes.append("it could not be seen whether this applies here: \(error.message)")
        }
        var filling = StepFilling(scope: scope)
        let steps = remedy.steps.compactMap { filling.step($0) }
        let rollback = remedy.rollback.compactMap { filling.step($0) }
        self.init(
            id: remedy.id, title: remedy.title, risk: remedy.risk, steps: steps,
            verify: remedy.verify?.program.source, rollback: rollback, notes: notes + filling.notes,
            isRunnable: filling.isRunnable)
    }
}

/// Fills the steps of one remedy and remembers what stood in the way.
private struct StepFilling {
    let scope: Scope
    var notes: [String] = []
    var isRunnable = true

    /// `nil` where the step does not apply.
    mutating func step(_ step: Step) -> ProposedRemedy.Step? {
        if let when = step.when {
            switch Verdict(scope.value(of: when)) {
            case .confirmed: break
            case .ruledOut: return nil
            case .undetermined, .failed:
                note("it could not be seen whether the step applies that needs: \(when.program.source)")
                isRunnable = false
            }
        }
        switch step.action {
        case .say(let template):
            let filled = template.filled(in: scope)
            note(filled.missing)
            return .say(filled.text)
        case .run(let templates): return run(templates, isPrivileged: step.isPrivileged)
        }
    }

    private mutating func run(_ templates: [Template], isPrivileged: Bool) -> ProposedRemedy.Step {
        var arguments: [String] = []
        var refusals: [String] = []
        var isAfterDashes = false
        for (index, template) in templates.enumerated() {
            var filled = template.filled(in: scope)
            if filled.hasEmptyValue {
                // An empty argument would change what the command means: it is as good as not known.
                filled.missing.append((template.placeholder, "it is empty"))
                filled.text = filled.text.isEmpty ? "<\(template.placeholder)>" : filled.text
            }
            if !filled.missing.isEmpty { isRunnable = false }
            note(filled.missing)
            if let why = refusal(of: filled, at: index, of: template, isAfterDashes: isAfterDashes) {
                refusals.append(why)
            }
            if template.conditions.isEmpty && filled.text == "--" { isAfterDashes = true }
            arguments.append(filled.text)
        }
        guard let first = refusals.first else { return .run(arguments, isPrivileged: isPrivileged) }
        for refusal in refusals { note(refusal) }
        isRunnable = false
        return .say("Not offered as a command, since \(first): \(templates.map(\.source).joined(separator: " "))")
    }

    /// A value from outside must stay one argument that means what the author meant.
    private func refusal(
        of filled: FilledText, at index: Int, of template: Template, isAfterDashes: Bool
    ) -> String? {
        guard !template.conditions.isEmpty else { return nil }
        if index == 0 { return "a fact would choose the program" }
        if filled.startsWithValue && filled.text.hasPrefix("-") && !isAfterDashes {
            return "the value of '\(template.placeholder)' begins with '-' and would be read as a flag"
        }
        if filled.text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) {
            return "the value of '\(template.placeholder)' holds control characters"
        }
        return nil
    }

    private mutating func note(_ missing: [(name: String, why: String)]) {
        for (name, why) in missing { note("<\(name)> must be filled in: \(why)") }
    }

    private mutating func note(_ text: String) {
        if !notes.contains(text) { notes.append(text) }
    }
}

extension Template {
    fileprivate var placeholder: String { conditions.first?.placeholder ?? source }
}
