internal import Archives
internal import ArgumentParser
internal import Collectors
internal import Engine
internal import Facts
internal import Playbooks

/// Saves facts, to look at them later or elsewhere.
struct Collect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Save what can be collected here; any command looks at it with --snapshot.",
        discussion: "Secrets are removed when facts are collected; still, read a snapshot before you give it away.")

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file")) var output: String
    @Option(help: ArgumentHelp("Keep this text with the facts; '-' is standard input.", valueName: "path"))
    var file: String?
    @Argument(help: "Collect for these playbooks only.") var names: [String] = []
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = await Session.open(options)
        let playbooks = try names.map(session.playbook)
        let text = try session.text(from: file)
        let snapshot = try await session.diagnostician(text: text).collect(
            Inquiry(text: text, names: playbooks.map(\.name), inputs: options.inputs))
        session.output.endProgress()
        do {
            try await SnapshotWriter.write(snapshot, to: output, catalogue: session.catalogue)
        } catch {
            session.output.note("error: \(error)")
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let unknown = snapshot.facts.count { (try? $0.result.get()) == nil }
        session.output.note("\(output): \(snapshot.facts.count) facts, \(unknown) of them unknown")
    }
}
