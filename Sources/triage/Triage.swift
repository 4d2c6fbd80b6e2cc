import ArgumentParser

@main
struct Triage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triage", abstract: "Says which cause it is, on what evidence, and how to mend it.")
}
