internal import CEL
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports
internal import Synchronization

/// What a remedy did, in order, for a team to keep: as JSON Lines for programs, as Markdown for people.
final class Transcript: Sendable {
    private let entries = Mutex<[(time: Timestamp, event: Remediation.Event)]>([])

    func add(_ event: Remediation.Event) { entries.withLock { $0.append((currentTime(), event)) } }

    /// One JSON object a line.
    var jsonLines: String {
        entries.withLock { entries in
            entries.map { entry in
                let pairs = [("time", Value.timestamp(entry.time))] + fields(of: entry.event)
                return compactJSONText(of: .map(Map(pairs.map { (key: .string($0.0), value: $0.1) }))) + "\n"
            }.joined()
        }
    }

    /// A page that reads from top to bottom.
    var markdown: String {
        entries.withLock { entries in
            (["# What was done", ""] + entries.flatMap { lines(of: $0.event, at: $0.time) }).joined(separator: "\n")
                + "\n"
        }
    }

    private func fields(of event: Remediation.Event) -> [(String, Value)] {
        func list(_ arguments: [String]) -> Value { .list(CEL.List(arguments.map(Value.string))) }
        func text(_ bytes: [UInt8]) -> Value { .string(String(decoding: bytes, as: UTF8.self)) }
        switch event {
        case .planned(let playbook, let cause, let remedy):
            return [
                ("event", .string("planned")), ("cause", .string("\(playbook)/\(cause)")),
                ("remedy", .string(remedy.id)), ("risk", .string(remedy.risk.rawValue)),
                ("steps", list(remedy.steps.map(line))), ("rollback", list(remedy.rollback.map(line))),
            ]
        case .declined: return [("event", .string("declined"))]
        case .skipped(let step): return [("event", .string("skipped")), ("step", .string(line(of: step)))]
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
        case .changed(let changes):
            let documents = changes.map { Value.map(["name": .string($0.name), "diff": .string($0.diff)]) }
            return [("event", .string("changed")), ("changes", .list(CEL.List(documents)))]
        case .rechecked(let status): return [("event", .string("rechecked")), ("status", .string(status.rawValue))]
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
        case .finished(let outcome): return [("event", .string("finished")), ("outcome", .string(outcome.words))]
        }
    }

    private func lines(of event: Remediation.Event, at time: Timestamp) -> [String] {
        let clock = timeText(time)
        switch event {
        case .planned(let playbook, let cause, let remedy):
            return ["## \(prose(remedy.title))", "", "- Cause: `\(playbook)/\(cause)`", "- Remedy: `\(remedy.id)`"]
                + ["- Risk: \(remedy.risk.rawValue)", "- Planned: \(clock)", ""]
                + remedy.steps.enumerated().map { "\($0 + 1). \(prose(line(of: $1)))" } + [""]
        case .declined: return ["\(clock) Declined.", ""]
        case .skipped(let step): return ["\(clock) Skipped: \(prose(line(of: step)))", ""]
        case .said(let sentence): return ["\(clock) To do by hand: \(prose(sentence))", ""]
        case .running(let arguments, let isPrivileged):
            return ["\(clock) Run:", ""] + fenced(commandLine(arguments, isPrivileged: isPrivileged), "sh")
        case .ran(_, let output):
            let text = String(decoding: output.standardOutput + output.standardError, as: UTF8.self)
            return ["\(clock) Exit code \(output.exitCode).", ""] + (text.isEmpty ? [] : fenced(text, "text"))
        case .changed(let changes):
            return ["\(clock) Changed:", ""] + changes.flatMap { fenced($0.diff, "diff") }
        case .rechecked(let status): return ["\(clock) Looked again before: \(status.rawValue).", ""]
        case .couldNotRun(_, let unknown): return ["\(clock) Could not run: \(prose(unknown.detail))", ""]
        case .verified(let condition, let status):
            return ["\(clock) Looked again: `\(condition.replacing("`", with: "'"))` is \(status.rawValue).", ""]
        case .rollingBack: return ["\(clock) Undoing.", ""]
        case .finished(let outcome): return ["\(clock) Outcome: \(prose(outcome.words)).", ""]
        }
    }

    private func line(of step: ProposedRemedy.Step) -> String {
        switch step {
        case .run(let arguments, let isPrivileged): commandLine(arguments, isPrivileged: isPrivileged)
        case .say(let sentence): sentence
        }
    }

    private func fenced(_ text: String, _ language: String) -> [String] {
        var clean = escapingControlCharacters(text)
        if clean.hasSuffix("\n") { clean.removeLast() }
        var fence = "```"
        while clean.contains(fence) { fence += "`" }
        return [fence + language, clean, fence, ""]
    }

    private func prose(_ text: String) -> String {
        escapingControlCharacters(text).replacing("\n", with: " ").reduce(into: "") { result, character in
            if "\\`*_[]<>#|&".contains(character) { result.append("\\") }
            result.append(character)
        }
    }
}

extension Remediation.Outcome {
    /// For people, and for the transcript.
    var words: String {
        switch self {
        case .fixed: "fixed"
        case .notFixed: "all steps were done and the cause is still there"
        case .unverified(let missing):
            "all steps were done; whether they helped cannot be seen without \(missing.map(\.fact).joined(separator: ", "))"
        case .stepFailed: "a step failed"
        case .declined: "declined"
        case .rolledBack: "rolled back"
        case .rollbackFailed: "the rollback failed"
        case .notNeeded(let status): "nothing to mend: the cause is \(status.rawValue)"
        case .notPossible(let reasons): "not possible: \(reasons.joined(separator: "; "))"
        }
    }
}
