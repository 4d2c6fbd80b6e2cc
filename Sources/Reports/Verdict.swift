internal import CEL
internal import Engine
internal import Facts
internal import Playbooks

/// What a whole diagnosis comes to, in the same words in every format.
enum Verdict {
    case confirmed, unknownText, couldNotTell, noCauseHolds, nothingWrong, onlyAccepted

    init(of diagnosis: Diagnosis) {
        let statuses = Set(diagnosis.findings.map(\.status))
        self =
            if statuses.contains(.confirmed) {
                .confirmed
            } else if statuses.isEmpty {
                diagnosis.suppressed.isEmpty ? .unknownText : .onlyAccepted
            } else if statuses != [.ruledOut] {
                .couldNotTell
            } else if !diagnosis.suppressed.isEmpty {
                .onlyAccepted
            } else {
                diagnosis.symptoms.isEmpty ? .nothingWrong : .noCauseHolds
            }
    }

    /// `nil` where the confirmed causes speak for themselves.
    var sentence: String? {
        switch self {
        case .confirmed: nil
        case .unknownText: "No playbook knows this."
        case .couldNotTell: "Could not tell: no cause is confirmed, and not all are ruled out."
        case .noCauseHolds:
            "No known cause holds here: the text is known, but every cause looked at is ruled out. It may come from "
                + "elsewhere, be over, or have a cause that no playbook knows yet."
        case .onlyAccepted: "Nothing new: whatever is wrong here is known and accepted."
        case .nothingWrong: "Nothing wrong found: every cause looked at is ruled out."
        }
    }
}

extension Diagnosis {
    /// Playbooks to look at where the text shows no symptom of any; `nil` where there is none.
    var nearestSentence: String? {
        nearest.isEmpty ? nil : "What it is like: \(nearest.joined(separator: ", "))."
    }
}

extension NextFact {
    /// What to get next, and how much that would tell.
    var sentence: String {
        "\(missing.fact) would decide \(wouldDecide.count == 1 ? wouldDecide[0] : "\(wouldDecide.count) causes")"
            + " (\(missing.reason)\(missing.detail.isEmpty ? "" : ": \(missing.detail)"))"
    }

    /// The command that gets it; `nil` where none is known.
    var commandText: String? { missing.command.isEmpty ? nil : commandLine(missing.command) }
}

extension Suppression {
    /// Who accepted it, until when and why.
    var sentence: String { "accepted by \(owner) until \(timeText(expires)): \(reason)" }

    /// That it no longer counts.
    var lapsedSentence: String { "was accepted by \(owner) until \(timeText(expires)): \(reason)" }
}

extension SuppressedFinding {
    var name: String { "\(finding.playbook)/\(finding.cause)" }
}
