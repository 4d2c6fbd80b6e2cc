internal import ArgumentParser

/// The command: what is typed, and which file under `Commands` does it.
@main
struct Triage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "triage",
        abstract: "Says which cause it is, on what evidence, and how to mend it.",
        discussion: """
            Paste an error, or name a playbook. Exit codes: 0 nothing wrong found, 1 a cause confirmed, 2 could not \
            tell, 3 bad input, 4 internal error, 64 wrong usage.
            """,
        version: Version.current,
        subcommands: [
            Diagnose.self, Run.self, List.self, Show.self, Search.self, Docs.self, New.self, Lint.self, Test.self,
            Fmt.self,
            FactsCommand.self, Collect.self, SnapshotCommand.self, RBAC.self, Explain.self, Eval.self, Fix.self,
            LibraryCommand.self,
        ],
        defaultSubcommand: Diagnose.self)
}

/// Semver; the CHANGELOG says what each brought.
enum Version {
    static let current = "0.1.0"
}
