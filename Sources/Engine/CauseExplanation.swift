package import CEL
package import Facts
package import Playbooks

/// Why a cause is what it is: its condition laid out with the value of every part and where each comes from.
package struct CauseExplanation: Sendable {
    /// One part of an expression.
    package struct Part: Sendable {
        package var text: String
        package var depth: Int
        /// `nil`: not evaluated, because another part had decided already.
        package var value: Value?
        /// Whether this part decided the result.
        package var isDecisive: Bool
    }

    /// An expression of the playbook: the condition itself or a definition that it uses.
    package struct Expression: Sendable {
        /// `when`, or the definition's name.
        package var name: String
        package var location: Location
        package var source: String
        package var parts: [Part]
        package var value: Value
    }

    /// A fact that the expressions read.
    package struct Reading: Sendable {
        /// The name in the playbook.
        package var name: String
        package var result: Result<Value, Unknown>
        package var provenance: Provenance?
        /// The command that shows all of it again, as argv.
        package var command: [String]
    }

    /// The first operand that decided, at its place, with what it read.
    package struct Decider: Sendable {
        package var text: String
        package var location: Location
        package var value: Value?
        package var readings: [Evidence]
    }

    package var playbook: String
    package var cause: String
    package var title: String
    package var status: Finding.Status
    /// The condition first, then the definitions in the order of their use.
    package var expressions: [Expression]
    package var facts: [Reading]
    /// `nil` where the evaluator lays nothing out.
    package var decider: Decider?
    package var missing: [MissingFact]
    /// One sentence: what ended the cause, or what it lacked.
    package var verdict: String
}
