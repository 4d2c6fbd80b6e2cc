internal import CEL
package import Facts
package import Playbooks

/// Where facts come from.
package enum FactSource: Sendable {
    case live(Surroundings)
    case snapshot(Snapshot)
}

/// What a person asked.
package struct Inquiry: Sendable {
    /// How many facts are wanted.
    package enum Scope: Sendable {
        /// Those that can change the answer.
        case deciding
        /// All that the playbooks mention: to save them, or to lay a condition out.
        case everything
    }

    /// The pasted text; empty where there is none.
    package var text: String
    /// Playbooks to run whatever the text says.
    package var names: [String]
    /// By name, as typed; converted by the playbook's declaration.
    package var inputs: [String: String]
    package var scope: Scope
    /// Facts that were collected already, and are not collected again.
    package var known: [Fact]

    package init(
        text: String = "", names: [String] = [], inputs: [String: String] = [:], scope: Scope = .deciding,
        known: [Fact] = []
    ) {
        self.known = known
        self.text = text
        self.names = names
        self.inputs = inputs
        self.scope = scope
    }
}

/// What happens while facts are collected.
package enum Progress: Sendable {
    case collecting(Fact.Key)
    case collected(Fact)
}

/// Finds the cause: match, plan, collect, evaluate, diagnose.
package struct Diagnostician: Sendable {
    package struct Limits: Sendable {
        /// Facts collected at the same time.
        package var concurrency: Int
        /// For a fact whose playbook sets none.
        package var factSeconds: Double
        /// For all facts together; `nil`: none.
        package var totalSeconds: Double?
        /// For all evaluations of a diagnosis together, in Kubernetes' cost units.
        package var cost: UInt64

        package init(
            concurrency: Int = 8, factSeconds: Double = 15, totalSeconds: Double? = nil, cost: UInt64 = 50_000_000
        ) {
            self.concurrency = concurrency
            self.factSeconds = factSeconds
            self.totalSeconds = totalSeconds
            self.cost = cost
        }
    }

    package var library: PlaybookLibrary
    package var catalogue: Catalogue
    package var source: FactSource
    package var limits: Limits
    package var progress: @Sendable (Progress) -> Void
    /// Waits; replaced by tests, so that no deadline needs a clock.
    package var sleep: @Sendable (_ seconds: Double) async throws -> Void
    /// Of playbooks whose file's name begins so, in place of those of the surroundings.
    package var permissions: [String: Surroundings.Permissions] = [:]
    /// Removed from whatever is collected or read, before anything looks at it.
    package var redaction = RedactionPatterns.none
    /// Made once by whoever looks at many texts; otherwise it is made for each.
    package var matcher: SymptomMatcher?
    var reads: ReadsOfPlaybooks?
    /// Takes each fact that is had, whole.
    var recorder: (any FactRecorder)?
    /// Facts that a test gives by their name in one playbook, and the platform that it or a person says.
    var given: [String: [String: Fact]] = [:]
    package var givenPlatform: String?

    package init(
        library: PlaybookLibrary, catalogue: Catalogue, source: FactSource, limits: Limits = Limits(),
        progress: @escaping @Sendable (Progress) -> Void = { _ in },
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) {
        self.library = library
        self.catalogue = catalogue
        self.source = source
        self.limits = limits
        self.progress = progress
        self.sleep = sleep
    }

    /// Over playbooks that stand side by side already.
    package init(playbooks: [Playbook], catalogue: Catalogue, source: FactSource) {
        self.init(library: PlaybookLibrary(of: playbooks), catalogue: catalogue, source: source)
    }

    /// The answer to what a person asked.
    package func diagnose(_ inquiry: Inquiry) async -> Diagnosis {
        await investigate(inquiry).diagnosis
    }

    /// Every fact that the playbooks mention (those that the inquiry names, else all), each given away when it is there.
    ///
    /// What stays in memory of long lists is what conditions read. Returns a snapshot that holds no facts.
    package func collect(_ inquiry: Inquiry, into recorder: any FactRecorder) async -> Snapshot {
        var wide = inquiry
        wide.scope = .everything
        var recording = self
        recording.recorder = recorder
        let read = await recording.investigate(wide).snapshot
        return Snapshot(subject: read.subject, now: read.now, text: read.text)
    }

    /// The answer together with all that it rests on.
    package func investigate(_ inquiry: Inquiry) async -> Investigation {
        var inquiry = inquiry
        inquiry.text = redaction.applied(to: inquiry.text)
        let text = inquiry.text.isEmpty ? redaction.applied(to: source.text) : inquiry.text
        let matches = symptomMatches(in: text)
        let asked = participants(of: inquiry, text: text, matches: matches)
        let situation = Situation(
            now: source.now, inputs: inquiry.inputs, isAsked: !(inquiry.names.isEmpty && text.isEmpty),
            matches: Dictionary(matches.map { ($0.playbook, $0) }, uniquingKeysWith: { first, _ in first }),
            given: given, platform: givenPlatform, askers: permissions.keys.sorted())
        let memory = await remember(
            WorkingMemory(
                situation, catalogue: catalogue, costLimit: limits.cost, facts: inquiry.known,
                reads: inquiry.scope == .deciding || recorder != nil ? reads ?? .inPart() : .everything),
            asked: asked,
            wanting: inquiry.scope,
            from: await source(with: inquiry.text))
        return Investigation(
            library: library, asked: asked, matches: matches, text: text, memory: memory,
            problems: problems(of: inquiry))
    }

    /// What the text shows; nothing where there is none.
    func symptomMatches(in text: String) -> [SymptomMatch] {
        if text.isEmpty { return [] }
        return matcher?.matches(in: text) ?? library.symptomMatches(in: text)
    }

    /// The named ones first, then the matched ones, best first; all where nothing was said.
    func participants(of inquiry: Inquiry, text: String, matches: [SymptomMatch]) -> [Playbook] {
        if inquiry.names.isEmpty && (text.isEmpty || inquiry.scope == .everything) {
            return library.playbooks
        }
        // What a snapshot's text says selects playbooks only where the person selected none.
        let counts = !inquiry.text.isEmpty || inquiry.names.isEmpty
        let wanted = inquiry.names + (counts ? matches.map(\.playbook) : [])
        var seen: Set<String> = []
        return wanted.filter { seen.insert($0).inserted }.compactMap { library[$0] }
    }

    /// Evaluates, asks for what could change the answer, the cheapest first, until nothing can.
    private func remember(
        _ empty: WorkingMemory, asked: [Playbook], wanting scope: Inquiry.Scope, from source: FactSource
    ) async -> WorkingMemory {
        await withinTotal { [self] in
            var memory = empty
            // A quarter is kept for the answer itself.
            var reduced = memory.costs
            reduced.limit -= reduced.limit / 4
            var evaluation = Evaluation(asked: asked, library: library, costs: reduced)
            while !Task.isCancelled {
                evaluation.update(memory)
                let batch = FactPlan(evaluation, memory: memory, wanting: scope).batch(
                    for: evaluation.scopes.values)
                let limit = memory.costs.limit
                memory.costs = evaluation.meter.costs
                memory.costs.limit = limit
                memory.isExhausted = evaluation.meter.isExhausted
                if memory.isExhausted {
                    memory.uncollected = Unknown(
                        .notCollected, "the budget for conditions was used up before it was asked for")
                }
                if memory.isExhausted { return memory }
                if batch.isEmpty {
                    guard evaluation.askOthers() else { return memory }
                    continue
                }
                for (request, fact) in zip(batch, await collect(batch, from: source)) {
                    memory.insert(fact, for: request.askers)
                }
            }
            memory.uncollected = Unknown(.timedOut, "the time for all facts was up before it was asked for")
            return memory
        }
    }
}

extension FactSource {
    /// The text that was saved with the facts; empty where there is none.
    package var text: String {
        switch self {
        case .live: ""
        case .snapshot(let snapshot): snapshot.text
        }
    }

    var now: Timestamp {
        switch self {
        case .live(let surroundings): surroundings.now
        case .snapshot(let snapshot): snapshot.now
        }
    }
}
