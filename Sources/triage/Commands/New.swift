internal import ArgumentParser
internal import Playbooks

/// Starts a playbook: a file that loads, to be filled with knowledge.
struct New: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Write the skeleton of a new playbook.")

    @Argument(help: "Its name, in kebab-case.") var name: String
    @Option(name: .shortAndLong, help: ArgumentHelp("The folder to write it to.", valueName: "folder"))
    var directory = "."
    @Option(help: "What is wrong, in one line.") var title = "What is wrong, in one line"

    @OptionGroup var options: CommonOptions

    func validate() throws {
        let isKebab = name.wholeMatch(of: /[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/) != nil
        guard isKebab else { throw ValidationError("a playbook's name is in kebab-case, such as 'swap-enabled'") }
    }

    func run() throws {
        let path = "\(directory)/\(name).yaml"
        do throws(FileFailure) {
            try Files.write(Array(newPlaybookText(name: name, title: title).utf8), to: path, isNew: true)
        } catch {
            throw ValidationError("cannot write the playbook: \(error)")
        }
        let output = Session(options).output
        output.result("\(path)\n")
        output.note("next: edit it, 'triage lint \(path)', 'triage run \(name) --playbooks \(directory)'")
    }
}
