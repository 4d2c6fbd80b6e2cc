internal import CEL
internal import Playbooks

/// As much of a diagnosis as a test can expect.
struct TestOutcome: Equatable {
    struct Row: Equatable {
        /// As the test names it: `cause` of the playbook under test, `playbook/cause` of others.
        var cause: String
        var isOwn: Bool
        var status: Finding.Status
        var because: String
        var missing: [String]
    }

    var rows: [Row]
    /// By remedy of the playbook under test, in the order of the playbook.
    var commands: [String: [[String]]] = [:]

    init(_ diagnosis: Diagnosis, of playbook: Playbook) {
        rows = diagnosis.findings.map { finding in
            let isOwn = finding.playbook == playbook.name
            return Row(
                cause: isOwn ? finding.cause : "\(finding.playbook)/\(finding.cause)", isOwn: isOwn,
                status: finding.status, because: finding.because,
                missing: Set(finding.missing.map(\.fact)).sorted())
        }
        for remedy in playbook.remedies {
            guard let found = diagnosis.commands(of: remedy.id, in: playbook.name), !found.isEmpty else { continue }
            commands[remedy.id] = found
        }
    }

    /// The causes of which another outcome says something else: those of the playbook itself, and others.
    func differences(from other: TestOutcome) -> (own: [String], others: [String]) {
        let there = Dictionary(other.rows.map { ($0.cause, $0) }, uniquingKeysWith: { first, _ in first })
        let here = Dictionary(rows.map { ($0.cause, $0) }, uniquingKeysWith: { first, _ in first })
        let names = (rows + other.rows.filter { here[$0.cause] == nil })
            .filter { here[$0.cause]?.status != there[$0.cause]?.status }
        return (names.filter(\.isOwn).map(\.cause), names.filter { !$0.isOwn }.map(\.cause))
    }

    /// What the case proves, for people.
    func sentence(of playbook: Playbook, at time: Timestamp) -> String {
        let confirmed = rows.filter { $0.status == .confirmed }
        let titles = confirmed.compactMap { row in playbook.causes.first { $0.id == row.cause }?.title ?? row.cause }
        let found = titles.first ?? (rows.contains { $0.status == .undetermined } ? "undetermined" : "nothing is wrong")
        return "\(found), as recorded on \(time.description.prefix(10))"
    }

    /// `expect` of a test.
    func expectations(of playbook: Playbook) -> Value {
        var fields: [(key: Value, value: Value)] = []
        func list(_ texts: [String]) -> Value { .list(List(texts.map { .string($0) })) }
        func add(_ key: String, _ status: Finding.Status, always: Bool = false) {
            let causes = rows.filter { $0.status == status && ($0.isOwn || status == .confirmed) }.map(\.cause)
            if always || !causes.isEmpty { fields.append((.string(key), list(causes))) }
        }
        func add(_ key: String, _ entries: [(String, Value)]) {
            guard !entries.isEmpty else { return }
            fields.append((.string(key), .map(Map(entries.map { (key: .string($0.0), value: $0.1) }))))
        }
        add("confirmed", .confirmed, always: true)
        add("ruledOut", .ruledOut)
        add("undetermined", .undetermined)
        add("failed", .failed)
        let own = rows.filter(\.isOwn)
        add("because", own.filter { !$0.because.isEmpty }.map { ($0.cause, .string($0.because)) })
        add("missing", own.filter { !$0.missing.isEmpty }.map { ($0.cause, list($0.missing)) })
        add(
            "commands",
            playbook.remedies.compactMap { remedy in
                commands[remedy.id].map { (remedy.id, .list(List($0.map(list)))) }
            })
        return .map(Map(fields))
    }
}

extension PlaybookTestCase.Expectations {
    static func nothing(at place: Location) -> Self {
        func none<Content>(_ content: Content) -> PlaybookTestCase.Expected<Content> {
            PlaybookTestCase.Expected(content: content, location: place)
        }
        return Self(
            confirmed: none([]), ruledOut: none([]), undetermined: none([]), failed: none([]), because: [],
            missing: [], commands: [])
    }
}
