internal import ArgumentParser
internal import CEL
internal import Collectors
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports

/// The least that playbooks need of a cluster, as a role.
struct RBAC: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rbac", abstract: "Print the least ClusterRole that playbooks need.",
        discussion: """
            Worked out from the facts that the playbooks may ask for, without asking anything. Read verbs only. \
            Apply it with kubectl, and bind it to whoever runs triage.
            """)

    @Argument(help: "The playbooks' names; without any, all of them.") var names: [String] = []
    @Option(help: ArgumentHelp("The role's name.", valueName: "name")) var name: String?
    @OptionGroup var options: CommonOptions

    func validate() throws {
        let isName = name?.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-.:".utf8.contains($0) } ?? true
        if !isName || name?.isEmpty == true { throw ValidationError("--name takes a name such as triage-reader") }
    }

    func run() async throws {
        let session = await Session.open(options)
        let playbooks = try names.map(session.playbook)
        let facts = try session.planner().plan(
            Inquiry(names: playbooks.map(\.name), inputs: options.inputs, scope: .everything))
        var asks: [PlannedAsk] = []
        var open: [String] = []
        for fact in facts {
            guard let parameters = fact.parameters else {
                open.append("\(fact.playbook)/\(fact.name)")
                continue
            }
            asks += await session.catalogue.asks(
                of: fact.collector, parameters, in: session.plannedSurroundings())
            // Whatever the other facts will say: a pod's log is asked for by its name.
            let any = fact.openParameters.map { ($0, Value.string(ClusterAccess.anyName)) }
            guard !any.isEmpty else { continue }
            asks += await session.catalogue.asks(
                of: fact.collector, parameters.merging(any) { $1 }, in: session.plannedSurroundings())
        }
        var comments = ["For \(names.isEmpty ? "every playbook" : names.joined(separator: ", ")), by triage rbac."]
        if !open.isEmpty {
            comments.append("Not in it, for what they ask depends on other facts: \(open.joined(separator: ", ")).")
        }
        let role = name ?? (playbooks.count == 1 ? "triage-\(playbooks[0].name)" : "triage")
        session.output.result(ClusterAccess(asks).clusterRole(name: role, comments: comments))
    }
}

/// What commands that collect facts take.
struct DryRunOptions: ParsableArguments {
    @Flag(help: "Print what may be asked (requests, commands, files), and ask nothing.") var dryRun = false
}

extension Session {
    /// Looks at nothing: only for plans.
    func planner() throws -> Diagnostician {
        Diagnostician(
            playbooks: library.playbooks, catalogue: catalogue, source: .live(plannedSurroundings()))
    }

    func plannedSurroundings() -> Surroundings {
        Surroundings(
            environment: environment, homeDirectory: environment["HOME"] ?? "/root",
            selection: Surroundings.Selection(
                kubeconfig: options.kubeconfig, context: options.context, namespace: options.namespace),
            now: currentTime(), effects: NoEffects())
    }

    /// Every fact that may be asked for, the cheapest first, and what its collector would do first.
    func printPlan(_ inquiry: Inquiry) async throws {
        let facts = try planner().plan(inquiry)
        guard !facts.isEmpty else { return output.result("No playbook takes part: nothing would be asked.\n") }
        var text = TerminalText(width: output.width)
        text.wrapped(
            "Nothing is asked. A diagnosis asks for these in this order, and leaves out what can no longer change its "
                + "answer. What the answers lead to cannot be told here; a collector's privileges bound it.", indent: 0)
        var shown: Set<Fact.Key> = []
        for fact in facts {
            let key = Fact.Key(collector: fact.collector, parameters: fact.parameters ?? ["": .string(fact.name)])
            guard shown.insert(key).inserted else { continue }
            let users = facts.filter { $0.collector == fact.collector && isSame($0, fact) }.map(\.playbook)
            text.line()
            text.add(fact.collector, .bold)
            text.line("  for \(Set(users).sorted().joined(separator: ", "))", .dim)
            guard let parameters = fact.parameters else {
                text.line("  what it asks depends on other facts", .yellow)
                continue
            }
            for ask in await catalogue.asks(of: fact.collector, parameters, in: plannedSurroundings()) {
                text.wrapped("  \(ask.text)", indent: 4)
            }
            let privileges = catalogue[fact.collector]?.declaration.privileges.map(\.text) ?? []
            if !privileges.isEmpty {
                text.wrapped("  privileges: \(privileges.joined(separator: ", "))", indent: 4, .dim)
            }
        }
        output.result(text.rendered(inColor: output.isColored))
    }

    private func isSame(_ left: PlannedFact, _ right: PlannedFact) -> Bool {
        guard let one = left.parameters, let other = right.parameters else { return left.name == right.name }
        return Fact.Key(collector: "", parameters: one) == Fact.Key(collector: "", parameters: other)
    }
}
