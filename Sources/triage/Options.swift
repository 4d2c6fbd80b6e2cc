internal import ArgumentParser
internal import CEL
internal import Facts
internal import Playbooks
internal import Reports

/// What nearly every command takes.
struct CommonOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The kubeconfig file to use.", valueName: "path")) var kubeconfig: String?
    @Option(help: ArgumentHelp("The kubeconfig context to use.", valueName: "name")) var context: String?
    @Option(name: .shortAndLong, help: ArgumentHelp("The namespace to look at first.", valueName: "name"))
    var namespace: String?
    @Option(help: ArgumentHelp("A value that a playbook asks for; repeatable.", valueName: "name=value"))
    var input: [String] = []
    @Option(help: ArgumentHelp("Which platform this is, where it cannot be told.", valueName: "name"))
    var platform: String?
    @Option(
        help: ArgumentHelp("A folder or file of playbooks; repeatable, later ones override.", valueName: "path"))
    var playbooks: [String] = []
    @Option(help: ArgumentHelp("Use the facts saved in this file instead of collecting them.", valueName: "file"))
    var snapshot: String?
    @Option(help: ArgumentHelp("The longest time to collect facts for, in seconds.", valueName: "seconds"))
    var timeout: Double = 30
    @Option(help: ArgumentHelp("The time to judge by, in RFC 3339.", valueName: "time")) var now: String?
    @Flag(help: "No network and no commands: the text, files and snapshots alone.") var offline = false
    @Flag(help: "Let your own playbooks run commands and send requests; libraries have what trust.yaml gives them.")
    var allowCommands = false
    @Option(
        help: ArgumentHelp(
            "Remove from every fact what this RE2 pattern matches, and what stands under a key that it matches; "
                + "repeatable.", valueName: "pattern"))
    var redact: [String] = []
    @Option(help: ArgumentHelp("A file of such patterns, a line each; repeatable.", valueName: "file"))
    var redactFile: [String] = []
    @Flag(help: "No colour; the NO_COLOR variable does the same.") var noColor = false
    @Option(help: ArgumentHelp("Colour: auto, always or never.", valueName: "when")) var color: Output.Color = .auto
    @Flag(name: .shortAndLong, help: "Say what is collected, and how long it took.") var verbose = false

    func validate() throws {
        for text in input where text.firstIndex(of: "=") == nil || text.hasPrefix("=") {
            throw ValidationError("--input takes NAME=VALUE, not '\(text)'")
        }
        if let platform, !Playbook.platforms.contains(platform) {
            let nearest = nearestName(to: platform, among: Playbook.platforms).map { "; did you mean '\($0)'?" } ?? ""
            throw ValidationError(
                "--platform takes one of \(Playbook.platforms.joined(separator: ", ")), not '\(platform)'\(nearest)")
        }
        if timeout <= 0 { throw ValidationError("--timeout takes a number of seconds above zero") }
    }

    var inputs: [String: String] {
        input.reduce(into: [:]) { result, text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            result[String(parts[0])] = String(parts[1])
        }
    }

    func output(environment: [String: String]) -> Output {
        Output(color: noColor ? .never : color, environment: environment)
    }
}

extension Output.Color: ExpressibleByArgument {}
extension ReportFormat: ExpressibleByArgument {}

/// How a diagnosis is written.
struct ReportOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "How to write the result.") var output: ReportFormat = .text
    @Option(
        help: ArgumentHelp(
            "What is known and accepted; without it, suppressions.yaml beside your playbooks.", valueName: "file"))
    var suppressions: String?
    @Flag(help: "On a terminal, ask for what would decide more: inputs, the platform, what you saw.") var ask = false
}
