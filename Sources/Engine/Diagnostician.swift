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
    /// The pasted text; empty where there is none.
    package var text: String
    /// Playbooks to run whatever the text says.
    package var names: [String]
    /// By name, as typed; converted by the playbook's declaration.
    package var inputs: [String: String]

    package init(text: String = "", names: [String] = [], inputs: [String: String] = [:]) {
        self.text = text
        self.names = names
        self.inputs = inputs
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

        package init(concurrency: Int = 8, factSeconds: Double = 15, totalSeconds: Double? = nil) {
            self.concurrency = concurrency
            self.factSeconds = factSeconds
            self.totalSeconds = totalSeconds
        }
    }

    package var playbooks: [Playbook]
    package var catalogue: Catalogue
    package var source: FactSource
    package var limits: Limits
    package var progress: @Sendable (Progress) -> Void
    /// Waits; replaced by tests, so that no deadline needs a clock.
    package var sleep: @Sendable (_ seconds: Double) async throws -> Void

    package init(
        playbooks: [Playbook], catalogue: Catalogue, source: FactSource, limits: Limits = Limits(),
        progress: @escaping @Sendable (Progress) -> Void = { _ in },
        sleep: @escaping @Sendable (Double) async throws -> Void = { try await Task.sleep(for: .seconds($0)) }
    ) {
        self.playbooks = playbooks
        self.catalogue = catalogue
        self.source = source
        self.limits = limits
        self.progress = progress
        self.sleep = sleep
    }

    /// The answer to what a person asked.
    package func diagnose(_ inquiry: Inquiry) async -> Diagnosis {
        await investigate(inquiry).diagnosis
    }

    /// The answer together with all that it rests on.
    package func investigate(_ inquiry: Inquiry) async -> Investigation {
        Investigation(
            diagnosis: Diagnosis(
                subject: .init(), symptoms: [], findings: [], problems: [], collectedAt: Timestamp(seconds: 0)),
            snapshot: Snapshot(now: Timestamp(seconds: 0)))
    }

    /// Every fact that the playbooks may want (all of them, or those that the inquiry names or matches).
    package func collect(_ inquiry: Inquiry) async -> Snapshot {
        await investigate(inquiry).snapshot
    }
}

/// A diagnosis and the facts that it rests on.
package struct Investigation: Sendable {
    package var diagnosis: Diagnosis
    /// The facts that were collected.
    package var snapshot: Snapshot
}
