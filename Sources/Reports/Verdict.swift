internal import Engine

/// What a whole diagnosis comes to, in the same words in every format.
enum Verdict {
    case confirmed, unknownText, couldNotTell, noCauseHolds, nothingWrong

    init(of diagnosis: Diagnosis) {
        let statuses = Set(diagnosis.findings.map(\.status))
        self =
            if statuses.contains(.confirmed) {
                .confirmed
            } else if statuses.isEmpty {
                .unknownText
            } else if statuses != [.ruledOut] {
                .couldNotTell
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
        case .nothingWrong: "Nothing wrong found: every cause looked at is ruled out."
        }
    }
}
