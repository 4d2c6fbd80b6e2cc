internal import Playbooks

extension Diagnostician {
    /// What is wrong in the inquiry itself.
    func problems(of inquiry: Inquiry) -> [Problem] {
        inquiry.names.compactMap(unknownPlaybook)
            + inquiry.inputs.sorted { $0.key < $1.key }.flatMap { input($0.key, $0.value) }
    }

    private func unknownPlaybook(_ name: String) -> Problem? {
        guard !playbooks.contains(where: { $0.name == name }) else { return nil }
        return Problem(.unknownPlaybook, "there is no playbook '\(name)'", at: .commandLine)
    }

    private func input(_ name: String, _ text: String) -> [Problem] {
        let declared = playbooks.flatMap(\.inputs).filter { $0.name == name }
        guard !declared.isEmpty else {
            return [Problem(.invalidInput, "no playbook has an input '\(name)'", at: .commandLine)]
        }
        guard let refusing = declared.first(where: { $0.kind.value(from: text) == nil }) else { return [] }
        return [
            Problem(
                .invalidInput, "the input '\(name)' must be of type \(refusing.kind.rawValue), not '\(text)'",
                at: .commandLine)
        ]
    }
}

extension Location {
    /// For what was said on the command line rather than in a file.
    static let commandLine = Location(file: "command line", line: 1, column: 1)
}
