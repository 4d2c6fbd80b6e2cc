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

    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file")) var output: String?
    @Option(help: ArgumentHelp("Keep this text with the facts; '-' is standard input.", valueName: "path"))
    var file: String?
    @Argument(help: "Collect for these playbooks only.") var names: [String] = []
    @OptionGroup var dryRun: DryRunOptions
    @OptionGroup var options: CommonOptions

    func validate() throws {
        if output == nil, !dryRun.dryRun { throw ValidationError("-o says which file to write") }
        if output == "-" { throw ValidationError("-o takes a file; a snapshot is not written to standard output") }
    }

    func run() async throws {
        let session = await Session.open(options)
        let (names, text) = try asked(session)
        let inquiry = Inquiry(text: text, names: names, inputs: options.inputs, scope: .everything)
        if dryRun.dryRun { return try await session.printPlan(inquiry) }
        guard let output else { throw ValidationError("-o says which file to write") }
        let recorder = try session.recorder(output)
        let about = try await session.diagnostician(text: text).collect(inquiry, into: recorder)
        session.output.endProgress()
        let (facts, unknown) = try session.finish(recorder, about)
        session.output.note("\(output): \(facts) facts, \(unknown) of them unknown")
    }

    // As in Session.swift.
    @inline(never)
    private func asked(_ session: Session) throws -> (names: [String], text: String) {
        (try names.map { try session.playbook($0).name }, try session.text(from: file))
    }
}
