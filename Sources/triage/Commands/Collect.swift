internal import ArgumentParser
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
    }

    func run() async throws {
        let session = await Session.open(options)
        let (names, text) = try asked(session)
        let inquiry = Inquiry(text: text, names: names, inputs: options.inputs, scope: .everything)
        if dryRun.dryRun { return try await session.printPlan(inquiry) }
        var snapshot = try await session.diagnostician(text: text).collect(inquiry)
        session.output.endProgress()
        // The keys too, which the diagnostician needs as they are.
        let patterns = try session.redaction()
        if !patterns.isEmpty { snapshot = await patterns.applied(to: snapshot, catalogue: session.catalogue) }
        guard let output else { throw ValidationError("-o says which file to write") }
        try await session.save(snapshot, to: output)
        let unknown = snapshot.facts.count { (try? $0.result.get()) == nil }
        session.output.note("\(output): \(snapshot.facts.count) facts, \(unknown) of them unknown")
    }

    // As in Session.swift.
    @inline(never)
    private func asked(_ session: Session) throws -> (names: [String], text: String) {
        (try names.map { try session.playbook($0).name }, try session.text(from: file))
    }
}
