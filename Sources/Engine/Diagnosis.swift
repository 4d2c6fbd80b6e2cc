package import CEL
package import Facts
package import Playbooks

/// The answer: what was looked at, what was found, on what it rests, and what could not be seen.
package struct Diagnosis: Sendable {
    /// What the facts are about: a snapshot keeps it.
    package typealias Subject = Snapshot.Subject

    /// A symptom that the text shows.
    package struct MatchedSymptom: Sendable, Hashable {
        package var playbook: String
        /// Line in the given text, from one.
        package var line: Int
        /// The line, without control codes.
        package var text: String

        package init(playbook: String, line: Int, text: String) {
            self.playbook = playbook
            self.line = line
            self.text = text
        }
    }

    package var subject: Subject
    /// Best first.
    package var symptoms: [MatchedSymptom]
    /// Confirmed ones first, roots before what they explain; then failed, undetermined, ruled out.
    package var findings: [Finding]
    package var problems: [Problem]
    package var collectedAt: Timestamp
    /// Playbooks whose symptoms are like a text that shows none: to look at, claimed of nothing.
    package var nearest: [String]
    /// What to look at next; `nil` where a cause is confirmed, or nothing that can be had would decide more.
    package var next: NextFact?
    /// What would stand among the findings, if nobody had accepted it.
    package var suppressed: [SuppressedFinding] = []
    /// Of the playbooks that were named or matched: which facts were not had, and why.
    package var skipped: [SkippedFact] = []

    package init(
        subject: Subject, symptoms: [MatchedSymptom], findings: [Finding], problems: [Problem], collectedAt: Timestamp,
        nearest: [String] = [], next: NextFact? = nil
    ) {
        self.nearest = nearest
        self.next = next
        self.subject = subject
        self.symptoms = symptoms
        self.findings = findings
        self.problems = problems
        self.collectedAt = collectedAt
    }
}

/// A cause with its status, evidence and remedies.
package struct Finding: Sendable {
    package enum Status: String, Sendable, CaseIterable {
        case confirmed
        case ruledOut = "ruled-out"
        case undetermined
        case failed
    }

    package var playbook: String
    package var cause: String
    package var status: Status
    package var severity: Playbook.Severity
    package var title: String
    /// The reason in words, filled in; empty unless confirmed.
    package var because: String
    package var evidence: [Evidence]
    package var missing: [MissingFact]
    /// `playbook/cause` of the confirmed findings that this one explains.
    package var explains: [String]
    package var remedies: [ProposedRemedy]
    /// For `failed`: the error and its place in the playbook.
    package var failure: Problem?
    /// The suppression that covered it until it expired.
    package var lapsed: Suppression?

    package init(
        playbook: String, cause: String, status: Status, severity: Playbook.Severity, title: String, because: String,
        evidence: [Evidence], missing: [MissingFact], explains: [String], remedies: [ProposedRemedy],
        failure: Problem? = nil
    ) {
        self.playbook = playbook
        self.cause = cause
        self.status = status
        self.severity = severity
        self.title = title
        self.because = because
        self.evidence = evidence
        self.missing = missing
        self.explains = explains
        self.remedies = remedies
        self.failure = failure
    }
}

/// A value that a condition read, and where it comes from.
package struct Evidence: Sendable {
    /// The path as the playbook names it: `kubeconfig.user.clientCertificate.notAfter`.
    package var fact: String
    package var value: Value
    package var source: String
    package var collectedAt: Timestamp

    package init(fact: String, value: Value, source: String, collectedAt: Timestamp) {
        self.fact = fact
        self.value = value
        self.source = source
        self.collectedAt = collectedAt
    }
}

/// What a condition lacked.
package struct MissingFact: Sendable, Hashable {
    package var fact: String
    /// `Unknown.Reason`'s word.
    package var reason: String
    package var detail: String
    /// How to get it; may be empty.
    package var hint: String
    /// What must be allowed for it: the RBAC verb and resource, root, a file that can be read.
    package var needs: [String]
    /// The command that gets it, as argv; empty where nothing is known.
    package var command: [String]
    /// The collector and what it was asked; the name itself for what a person must say.
    var origin: String
    var cost: Int

    package init(
        fact: String, reason: String, detail: String, hint: String, needs: [String] = [], command: [String] = [],
        origin: String = "", cost: Int = 0
    ) {
        self.fact = fact
        self.reason = reason
        self.detail = detail
        self.hint = hint
        self.needs = needs
        self.command = command
        self.origin = origin
        self.cost = cost
    }
}

/// A remedy whose precondition holds, with its values filled in.
package struct ProposedRemedy: Sendable {
    package enum Step: Sendable, Hashable {
        case run([String], isPrivileged: Bool)
        case say(String)
    }

    package var id: String
    package var title: String
    package var risk: Remedy.Risk
    package var steps: [Step]
    /// The condition that will be evaluated again, as written; `nil`: the cause's own must no longer hold.
    package var verify: String?
    package var rollback: [Step]
    /// What a person should know before: that it could not be seen whether the remedy fits, which values are
    /// placeholders, which arguments were refused.
    package var notes: [String]
    /// Whether every command is complete; `false` where a value is missing or was refused.
    package var isRunnable: Bool

    package init(
        id: String, title: String, risk: Remedy.Risk, steps: [Step], verify: String?, rollback: [Step],
        notes: [String] = [], isRunnable: Bool = true
    ) {
        self.id = id
        self.title = title
        self.risk = risk
        self.steps = steps
        self.verify = verify
        self.rollback = rollback
        self.notes = notes
        self.isRunnable = isRunnable
    }
}
