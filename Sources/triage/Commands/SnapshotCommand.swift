internal import Archives
internal import ArgumentParser
internal import CEL
internal import Collectors
internal import Engine
internal import Facts
internal import Reports

/// What was saved: look at it, compare it, take more out of it.
struct SnapshotCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshot", abstract: "Look at saved facts, compare them, take more out of them.",
        subcommands: [ShowSnapshot.self, DiffSnapshots.self, RedactSnapshot.self])
}

struct ShowSnapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "List the facts of a snapshot with where they come from, or why they are unknown.")

    @Argument(help: ArgumentHelp("The snapshot.", valueName: "file")) var file: String
    @Flag(help: "Print the values too.") var values = false
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = Session(options)
        if session.isCapture(file) { return try showCapture(session) }
        let snapshot = try await session.ownSnapshot(file)
        if json { return session.output.result(jsonText(of: await document(snapshot)) + "\n") }
        var text = TerminalText(width: session.output.width)
        text.line("collected  \(timeText(snapshot.now))")
        text.line("platform   \(snapshot.subject.platform)")
        if !snapshot.subject.context.isEmpty { text.line("context    \(snapshot.subject.context)") }
        if !snapshot.subject.server.isEmpty { text.line("server     \(snapshot.subject.server)") }
        if !snapshot.text.isEmpty { text.line("text       \(snapshot.text.utf8.count) bytes") }
        for key in snapshot.keys {
            guard let fact = await snapshot.fact(key) else { continue }
            add(fact, to: &text)
        }
        session.output.result(text.rendered(inColor: session.output.isColored))
    }

    /// Another tool's capture has no facts yet; what they could be had from.
    private func showCapture(_ session: Session) throws {
        let capture = try session.capture(file)
        var text = TerminalText(width: session.output.width)
        text.line(capture.title, .bold)
        text.line("collected  \(timeText(capture.collectedAt))")
        for entry in capture.summary {
            text.add("  \(entry.what)")
            text.wrapped("  \(entry.scope)", indent: 6, .dim)
        }
        session.output.result(text.rendered(inColor: session.output.isColored))
    }

    private func add(_ fact: Fact, to text: inout TerminalText) {
        text.line()
        text.add(fact.key.collector, .bold)
        text.line(fact.key.parameters == "{}" ? "" : "  \(fact.key.parameters)")
        text.wrapped("  from \(fact.provenance.source), \(timeText(fact.provenance.collectedAt))", indent: 4, .dim)
        switch fact.result {
        case .failure(let unknown):
            text.wrapped("  unknown: \(unknown.reason.rawValue): \(unknown.detail)", indent: 4, .yellow)
            if !unknown.hint.isEmpty { text.wrapped("  to get it: \(unknown.hint)", indent: 4) }
        case .success(let value):
            for (path, unknown) in unknownParts(of: value) {
                text.wrapped("  \(path) is unknown: \(unknown.reason): \(unknown.detail)", indent: 4, .yellow)
            }
            guard values else { return }
            for line in yamlText(of: value).split(separator: "\n") { text.line("  \(line)") }
        }
    }

    private func document(_ snapshot: Snapshot) async -> Value {
        var facts: [Value] = []
        for key in snapshot.keys {
            guard let fact = await snapshot.fact(key) else { continue }
            var fields: [(key: Value, value: Value)] = [
                (.string("collector"), .string(key.collector)), (.string("parameters"), .string(key.parameters)),
                (.string("source"), .string(fact.provenance.source)),
                (.string("collectedAt"), .timestamp(fact.provenance.collectedAt)),
            ]
            switch fact.result {
            case .success(let value):
                fields.append((.string("unknownParts"), unknownPartsDocument(of: value)))
                if values { fields.append((.string("value"), value)) }
            case .failure(let unknown):
                fields.append(
                    (
                        .string("unknown"),
                        .map(["reason": .string(unknown.reason.rawValue), "detail": .string(unknown.detail)])
                    ))
            }
            facts.append(.map(Map(fields)))
        }
        return .map([
            "now": .timestamp(snapshot.now), "platform": .string(snapshot.subject.platform),
            "facts": .list(CEL.List(facts)),
        ])
    }

}

/// What of a value is unknown, as it stands in documents.
func unknownPartsDocument(of value: Value) -> Value {
    .list(
        CEL.List(
            unknownParts(of: value).map { path, unknown in
                .map(["path": .string(path), "reason": .string(unknown.reason), "detail": .string(unknown.detail)])
            }))
}

/// What of a value is unknown, by path; alike ones of a list once.
func unknownParts(of value: Value) -> [(path: String, unknown: UnknownAttribute)] {
    var found: [(path: String, unknown: UnknownAttribute)] = []
    var seen: Set<String> = []
    func walk(_ value: Value, _ path: String) {
        switch value {
        case .unknown(let set):
            guard let first = set.attributes.min(by: { $0.detail < $1.detail }) else { return }
            if seen.insert(path + first.detail).inserted { found.append((path, first)) }
        case .list(let list): for element in list { walk(element, path + "[]") }
        case .map(let map):
            for (key, value) in map.entries {
                let name = if case .string(let text) = key { text } else { key.description }
                walk(value, path.isEmpty ? name : "\(path).\(name)")
            }
        default: break
        }
    }
    walk(value, "")
    return found
}

struct DiffSnapshots: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Say in words what changed between two snapshots.",
        discussion: """
            Elements of lists are matched by their names and uids. Resource versions are passed over. Exit codes: 0 \
            nothing changed, 1 something did, 3 a snapshot cannot be used.
            """)

    @Argument(help: ArgumentHelp("The older snapshot.", valueName: "old")) var old: String
    @Argument(help: ArgumentHelp("The newer snapshot.", valueName: "new")) var new: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = Session(options)
        let (before, after) = (try await session.ownSnapshot(old), try await session.ownSnapshot(new))
        let differences = await SnapshotComparison(from: before, to: after).differences
        guard !differences.isEmpty else { return session.output.result("Nothing changed.\n") }
        var text = TerminalText(width: session.output.width)
        var last: Fact.Key?
        for difference in differences {
            if difference.fact != last {
                text.add(difference.fact.collector, .bold)
                text.line(difference.fact.parameters == "{}" ? "" : "  \(difference.fact.parameters)")
            }
            last = difference.fact
            text.wrapped("  " + sentence(difference), indent: 4)
        }
        session.output.result(text.rendered(inColor: session.output.isColored))
        throw ArgumentParser.ExitCode(1)
    }

    private func sentence(_ difference: SnapshotComparison.Difference) -> String {
        let place = difference.path.isEmpty ? "" : difference.path + " "
        switch difference.change {
        case .appeared(let value): return "\(place)is new: \(words(value))"
        case .disappeared(let value): return "\(place)is gone; it was \(words(value))"
        case .changed(let before, let after): return "\(place)was \(words(before)), is \(words(after))"
        }
    }

    private func words(_ value: Value) -> String {
        guard case .unknown(let set) = value, let first = set.attributes.min(by: { $0.detail < $1.detail }) else {
            return shortText(of: value, limit: 160)
        }
        return "unknown (\(first.reason): \(first.detail))"
    }
}

struct RedactSnapshot: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "redact", abstract: "Take more out of a snapshot, into a new file.",
        discussion: "What --redact and --redact-file match is removed from texts, and whole where a key matches.")

    @Argument(help: ArgumentHelp("The snapshot.", valueName: "file")) var file: String
    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file")) var output: String
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = Session(options)
        let patterns = try session.redaction()
        guard !patterns.isEmpty else { throw ValidationError("--redact or --redact-file says what to take out") }
        let snapshot = try await session.ownSnapshot(file)
        let recorder = try session.recorder(output)
        for key in snapshot.keys {
            if let fact = await snapshot.fact(key) { recorder.record(fact, nil) }
        }
        session.output.note("\(output): \(try session.finish(recorder, snapshot).facts) facts")
    }
}

extension Session {
    /// A snapshot that triage saved; another tool's capture has no facts to list.
    fileprivate func ownSnapshot(_ path: String) async throws -> Snapshot {
        guard !isCapture(path) else {
            output.note(
                "error: \(path) is not a snapshot of triage's own; 'triage collect -o FILE --snapshot' makes one")
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        return try await savedFacts(path)
    }

    /// What writes a snapshot there, without what the person wants removed.
    @inline(never)
    func recorder(_ path: String) throws -> SnapshotRecorder {
        let redaction = try redaction()
        do throws(ArchiveError) {
            return try SnapshotRecorder(path, catalogue: catalogue, redaction: redaction)
        } catch {
            throw notWritten(error)
        }
    }

    /// Puts the snapshot in its place; `about` says whose facts they are.
    @inline(never)
    func finish(_ recorder: SnapshotRecorder, _ about: Snapshot) throws -> (facts: Int, unknown: Int) {
        do throws(ArchiveError) {
            return try recorder.finish(subject: about.subject, now: about.now, text: about.text)
        } catch {
            throw notWritten(error)
        }
    }

    private func notWritten(_ error: ArchiveError) -> ArgumentParser.ExitCode {
        output.note("error: \(error)")
        return ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }
}
