/// What the tests of a library show of its playbooks, as far as the rules ask.
package struct ShownByTests: Sendable {
    package enum Status: Sendable, CaseIterable { case confirmed, ruledOut, undetermined }

    /// By `playbook/cause`: the statuses that passing cases come to.
    package var causes: [String: Set<Status>]
    /// `playbook/remedy` of those whose commands a passing case expects.
    package var commands: Set<String>

    /// Symptoms that match the text of another playbook's case, where neither playbook nor the case speaks of the other.
    package var strays: [Stray]

    package struct Stray: Sendable, Hashable {
        package var playbook: String
        /// Of the symptom among the playbook's.
        package var symptom: Int
        /// The case's name and place.
        package var testCase: String
        package var place: Location

        package init(playbook: String, symptom: Int, testCase: String, place: Location) {
            self.playbook = playbook
            self.symptom = symptom
            self.testCase = testCase
            self.place = place
        }
    }

    package init(causes: [String: Set<Status>] = [:], commands: Set<String> = [], strays: [Stray] = []) {
        self.causes = causes
        self.commands = commands
        self.strays = strays
    }
}
