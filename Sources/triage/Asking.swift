internal import CEL
internal import Engine
internal import Facts
internal import Playbooks

/// Asks a person what no collector found out, the most useful first, and looks again after each answer.
extension Session {
    func ask(
        _ first: Investigation, _ inquiry: Inquiry, _ diagnostician: inout Diagnostician
    ) async -> Investigation {
        var investigation = first
        var inquiry = inquiry
        var asked: Set<String> = []
        while let question = investigation.questions.first(where: { !asked.contains($0.name) }) {
            asked.insert(question.name)
            switch question {
            case .platform:
                guard let platform = askPlatform() else { continue }
                diagnostician.givenPlatform = platform
            case .input(let input, let playbook):
                guard let answer = ask(for: input, of: playbook) else { continue }
                inquiry.inputs[input.name] = answer
            }
            // What was seen once is not collected again for an answer.
            inquiry.known = investigation.snapshot.facts
            investigation = await diagnostician.investigate(inquiry)
            output.endProgress()
        }
        return investigation
    }

    /// `nil` where nothing is said: then it stays unknown.
    private func ask(for input: Input, of playbook: String) -> String? {
        let standard = input.defaultValue.map { " [\($0.text)]" } ?? ""
        let hint = input.kind == .bool ? " [y/n, empty: I do not know]" : standard
        while let reply = output.ask("\(playbook): \(input.title)?\(hint)") {
            let answer = reply.trimmed
            guard !answer.isEmpty else { return nil }
            if input.kind == .bool {
                switch answer.lowercased() {
                case "y", "yes", "true": return "true"
                case "n", "no", "false": return "false"
                default: output.note("expected y or n, not '\(answer)'")
                }
            } else if input.kind.accepts(answer) {
                return answer
            } else {
                output.note("expected a value of type \(input.kind.rawValue), not '\(answer)'")
            }
        }
        return nil
    }

    private func askPlatform() -> String? {
        let names = Playbook.platforms
        while let reply = output.ask(
            "Which platform is this? (\(names.joined(separator: ", "))) [empty: I do not know]")
        {
            let answer = reply.trimmed.lowercased()
            guard !answer.isEmpty else { return nil }
            if names.contains(answer) { return answer }
            let nearest = nearestName(to: answer, among: names).map { "; did you mean '\($0)'?" } ?? ""
            output.note("'\(answer)' is none of them\(nearest)")
        }
        return nil
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
