internal import CEL
internal import Playbooks

extension Diagnostician {
    /// What is wrong in the inquiry itself.
    func problems(of inquiry: Inquiry) -> [Problem] {
        inquiry.names.compactMap(unknownPlaybook)
            + inquiry.inputs.sorted { $0.key < $1.key }.flatMap { input($0.key, $0.value) }
    }

    private func unknownPlaybook(_ name: String) -> Problem? {
        guard library[name] == nil else { return nil }
        let nearest = nearestName(to: name, among: library.outlines.map(\.name))
        return Problem(
            .unknownPlaybook, "there is no playbook '\(name)'" + didYouMean(nearest), at: .commandLine,
            suggestion: nearest)
    }

    private func input(_ name: String, _ text: String) -> [Problem] {
        let inputs = library.outlines.flatMap(\.inputs)
        let declared = inputs.filter { $0.name == name }
        guard !declared.isEmpty else {
            let nearest = nearestName(to: name, among: inputs.map(\.name))
            return [
                Problem(
                    .invalidInput, "no playbook has an input '\(name)'" + didYouMean(nearest), at: .commandLine,
                    suggestion: nearest)
            ]
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
