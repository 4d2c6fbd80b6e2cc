internal import ArgumentParser
internal import CEL
internal import Collectors
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports

/// What `triage test --record` takes beside names.
struct RecordOptions: ParsableArguments {
    @Flag(help: "Write a test of what the named playbooks find here, or in the snapshot, and how.") var record = false
    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "With --record: the file to write, or to add the case to; otherwise it is printed.", valueName: "file"))
    var output: String?
    @Option(
        help: ArgumentHelp("With --record: the error as it was printed; '-' is standard input.", valueName: "path"))
    var file: String?
    @Option(help: ArgumentHelp("With --record: what the case proves, as a sentence.", valueName: "sentence"))
    var name: String?
    @Flag(help: "With --record: replace the file if there is one.") var force = false

    func validate() throws {
        guard !record else { return }
        if output != nil || file != nil || name != nil || force {
            throw ValidationError("-o, --file, --name and --force go with --record")
        }
    }
}

extension Session {
    /// Diagnoses, writes the test, and makes sure that it passes.
    func record(_ names: [String], _ options: RecordOptions) async throws {
        let given = try recordingText(options)
        let diagnostician = try await diagnostician(text: given)
        let text = given.isEmpty ? Redaction.redact(diagnostician.source.text) : given
        let playbooks = try recordingSubjects(names, text)
        let runner = PlaybookTestRunner(playbooks: library.playbooks, catalogue: catalogue)
        var file: TestFileText?
        for playbook in playbooks {
            let text = library.symptomMatches(in: text).contains { $0.playbook == playbook.name } ? text : ""
            let investigation = await diagnostician.investigate(
                Inquiry(text: text, names: text.isEmpty ? [playbook.name] : [], inputs: self.options.inputs))
            output.endProgress()
            let test: RecordedTest
            do throws(RecordedTest.Failure) {
                test = try await runner.record(
                    investigation, of: playbook, text: text, inputs: self.options.inputs, name: options.name)
            } catch {
                throw badInput("'\(playbook.name)' cannot be recorded: \(error.message)")
            }
            for note in test.notes { output.note("note: \(note)") }
            try add(test, of: playbook, to: &file, options)
        }
        guard let file else { return }
        try await check(file, with: runner, options.output ?? "the recorded test")
        guard let path = options.output else { return output.result(String(decoding: file.bytes, as: UTF8.self)) }
        do throws(FileFailure) {
            if Files.exists(path) {
                try Files.replace(file.bytes, at: path)
            } else {
                try Files.write(file.bytes, to: path, isNew: true, mode: 0o644)
            }
        } catch {
            throw badInput("\(error)")
        }
        output.note("\(path): recorded \(playbooks.map(\.name).joined(separator: ", "))")
    }

    // As in Session.swift.
    @inline(never)
    private func recordingText(_ options: RecordOptions) throws -> String {
        Redaction.redact(try redaction().applied(to: try text(from: options.file)))
    }

    @inline(never)
    private func recordingSubjects(_ names: [String], _ text: String) throws -> [Playbook] {
        let playbooks = try names.map(playbook)
        if !playbooks.isEmpty { return playbooks }
        guard let best = library.symptomMatches(in: text).first, let playbook = library[best.playbook] else {
            throw ValidationError("--record needs the name of a playbook, or a text that shows one's symptom")
        }
        return [playbook]
    }

    @inline(never)
    private func add(
        _ test: RecordedTest, of playbook: Playbook, to file: inout TestFileText?, _ options: RecordOptions
    ) throws {
        let cases = yamlText(of: .list([test.document]))
        if file != nil {
            file?.addDocument(of: playbook.name, cases: cases)
            return
        }
        guard let path = options.output, !options.force, Files.exists(path) else {
            file = TestFileText(of: playbook.name, cases: cases)
            return
        }
        var existing = TestFileText(try readInput(path))
        do throws(TestFileText.Refusal) {
            try existing.append(
                cases, named: test.document.member("name")?.string ?? "", of: playbook.name, file: path)
        } catch {
            switch error {
            case .cannotAppend(let reason):
                throw badInput("\(path) is there, and no case can be added to it: \(reason); --force replaces it")
            case .sameName(let line):
                throw badInput(
                    "\(path):\(line): there is a case of this name already; --name gives another, --force replaces "
                        + "the file")
            }
        }
        file = existing
    }

    /// A test that fails where it was recorded would be worth nothing.
    private func check(_ file: TestFileText, with runner: PlaybookTestRunner, _ name: String) async throws {
        let report = await runner.run(file.bytes, file: name)
        let failures = report.results.flatMap { result in
            result.failures.map { "\(result.name): \($0.what): expected \($0.expected), found \($0.found)" }
        }
        guard report.problems.isEmpty, failures.isEmpty else {
            for problem in report.problems { output.note(problemText(problem)) }
            for failure in failures { output.note(failure) }
            throw badInput("the test does not come to what was recorded; nothing is written")
        }
    }

    private func badInput(_ message: String) -> ArgumentParser.ExitCode {
        output.note("error: \(message)")
        return ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
    }
}
