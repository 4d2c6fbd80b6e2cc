internal import CEL
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports
internal import Synchronization

/// What a remedy did, in order, for a team to keep.
final class Transcript: Sendable {
    private let entries = Mutex<[(time: Timestamp, fields: [(String, Value)])]>([])

    func add(_ event: Remediation.Event) {
        let fields = fields(of: event)
        entries.withLock { $0.append((currentTime(), fields)) }
    }

    /// One JSON object a line.
    func jsonLines(at end: Timestamp) -> [UInt8] {
        let lines = entries.withLock { entries in
            entries.map { entry in
                let pairs = [("time", Value.timestamp(entry.time))] + entry.fields
                return compactJSONText(of: .map(Map(pairs.map { (key: .string($0.0), value: $0.1) })))
            }
        }
        return Array((lines.joined(separator: "\n") + "\n").utf8)
    }

    private func fields(of event: Remediation.Event) -> [(String, Value)] {
        func list(_ arguments: [String]) -> Value { .list(CEL.List(arguments.map(Value.string))) }
        func text(_ bytes: [UInt8]) -> Value { .string(String(decoding: bytes, as: UTF8.self)) }
        switch event {
        case .planned(let playbook, let cause, let remedy):
            return [
                ("event", .string("planned")), ("cause", .string("\(playbook)/\(cause)")),
                ("remedy", .string(remedy.id)), ("risk", .string(remedy.risk.rawValue)),
            ]
        case .declined: return [("event", .string("declined"))]
        case .skipped(let step): return [("event", .string("skipped")), ("step", .string("\(step)"))]
        case .said(let sentence): return [("event", .string("said")), ("text", .string(sentence))]
        case .running(let arguments, let isPrivileged):
            return [
                ("event", .string("running")), ("argv", list(arguments)), ("privileged", .bool(isPrivileged)),
            ]
        case .ran(let arguments, let output):
            return [
                ("event", .string("ran")), ("argv", list(arguments)), ("exitCode", .int(Int64(output.exitCode))),
                ("standardOutput", text(output.standardOutput)), ("standardError", text(output.standardError)),
            ]
        case .couldNotRun(let arguments, let unknown):
            return [
                ("event", .string("couldNotRun")), ("argv", list(arguments)),
                ("reason", .string(unknown.reason.rawValue)),
                ("detail", .string(unknown.detail)),
            ]
        case .verified(let condition, let status):
            return [
                ("event", .string("verified")), ("condition", .string(condition)), ("status", .string(status.rawValue)),
            ]
        case .rollingBack: return [("event", .string("rollingBack"))]
        case .finished(let outcome): return [("event", .string("finished")), ("outcome", .string("\(outcome)"))]
        }
    }
}
