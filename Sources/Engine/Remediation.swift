internal import CEL
package import Facts
internal import Playbooks

/// Does a remedy with a person: plan, ask, run, verify by collecting again, roll back.
///
/// The three closures are all it touches: a test drives it as the command does.
package struct Remediation: Sendable {
    /// What a person is asked before it is done.
    package enum Question: Sendable {
        /// The whole remedy; a destructive one must be confirmed by typing its name.
        case begin(ProposedRemedy)
        /// With what a server says the step would change.
        case step(ProposedRemedy.Step, number: Int, of: Int, foreseen: [StepChanges.Change])
        /// Something went wrong: undo what was done?
        case rollBack([ProposedRemedy.Step])
    }

    package enum Answer: Sendable { case yes, skip, stop }

    /// What happened, in order: the transcript.
    package enum Event: Sendable {
        case planned(playbook: String, cause: String, ProposedRemedy)
        case declined
        case skipped(ProposedRemedy.Step)
        case said(String)
        case running([String], isPrivileged: Bool)
        case ran([String], CommandOutput)
        /// What the step was known to change, and has changed.
        case changed([StepChanges.Change])
        /// After the yes it is looked once more whether the remedy still fits.
        case rechecked(Finding.Status)
        case couldNotRun([String], Unknown)
        case verified(String, Finding.Status)
        case rollingBack
        case finished(Outcome)
    }

    package enum Outcome: Sendable, Hashable {
        /// The condition that confirmed the cause no longer holds.
        case fixed
        /// All steps were done and the cause is still there.
        case notFixed
        /// All steps were done, and whether they helped cannot be seen.
        case unverified([MissingFact])
        case stepFailed
        case declined
        case rolledBack
        case rollbackFailed
        /// The cause is no longer confirmed: there is nothing to mend.
        case notNeeded(Finding.Status)
        /// The remedy does not apply here, lacks a value, or there is nothing but a snapshot to work on.
        case notPossible([String])
    }

    package var diagnostician: Diagnostician
    package var ask: @Sendable (Question) async -> Answer
    package var run: @Sendable ([String], _ isPrivileged: Bool) async throws(Unknown) -> CommandOutput
    package var report: @Sendable (Event) -> Void
    /// What stands in a file that a step may change.
    package var read: @Sendable (String) async -> StepChanges.Content = { _ in .other("cannot be read") }
    /// Takes secrets out of what commands print and files hold, a line or a text at a time.
    package var redact: @Sendable (String) -> String = { $0 }
    /// How often it is looked whether the remedy has worked, and the pause between.
    package var verifyAttempts = 3
    package var verifyPauseSeconds = 2.0

    package init(
        diagnostician: Diagnostician, ask: @escaping @Sendable (Question) async -> Answer,
        run: @escaping @Sendable ([String], _ isPrivileged: Bool) async throws(Unknown) -> CommandOutput,
        report: @escaping @Sendable (Event) -> Void
    ) {
        self.diagnostician = diagnostician
        self.ask = ask
        self.run = run
        self.report = report
    }

    /// Mends a confirmed cause.
    ///
    /// Everything is looked at again first: what was true when it was diagnosed may not be.
    package func fix(playbook: String, cause: String, remedy: String, inputs: [String: String] = [:]) async -> Outcome {
        let outcome = await attempt(playbook: playbook, cause: cause, remedy: remedy, inputs: inputs)
        report(.finished(outcome))
        return outcome
    }

    private func attempt(playbook: String, cause: String, remedy id: String, inputs: [String: String]) async -> Outcome
    {
        // Neither what was saved nor what another tool collected is here: its remedies must not run on this machine.
        guard case .live(let surroundings) = diagnostician.source, surroundings.capture == nil else {
            return .notPossible(["a snapshot cannot be mended"])
        }
        let inquiry = Inquiry(names: [playbook], inputs: inputs)
        let diagnosis = await afresh.diagnose(inquiry)
        guard let finding = diagnosis.findings.first(where: { $0.playbook == playbook && $0.cause == cause }) else {
            return .notPossible(["there is no cause '\(playbook)/\(cause)'"])
        }
        guard finding.status == .confirmed else { return .notNeeded(finding.status) }
        guard let remedy = finding.remedies.first(where: { $0.id == id }) else {
            return .notPossible(["the remedy '\(id)' does not apply here"])
        }
        report(.planned(playbook: playbook, cause: cause, remedy))
        guard remedy.isRunnable else { return .notPossible(remedy.notes) }
        guard case .yes = await ask(.begin(remedy)) else {
            report(.declined)
            return .declined
        }
        let again = await afresh.diagnose(inquiry)
        let now = again.findings.first { $0.playbook == playbook && $0.cause == cause }
        report(.rechecked(now?.status ?? .undetermined))
        guard let now, now.status == .confirmed else { return .notNeeded(now?.status ?? .undetermined) }
        guard let fitting = now.remedies.first(where: { $0.id == id }), fitting.steps == remedy.steps else {
            return .notPossible(["the remedy no longer is what was agreed to: look at it again"])
        }
        switch await perform(remedy.steps) {
        case .done: break
        case .stopped: return await rollBack(remedy, or: .declined)
        case .failed: return await rollBack(remedy, or: .stepFailed)
        }
        let outcome = await verify(playbook: playbook, cause: cause, remedy: id, inquiry)
        return outcome == .notFixed ? await rollBack(remedy, or: .notFixed) : outcome
    }

    /// The diagnostician without what earlier rounds remember.
    private var afresh: Diagnostician {
        var fresh = diagnostician
        if case .live(var surroundings) = fresh.source {
            surroundings.cache = SharedResults()
            fresh.source = .live(surroundings)
        }
        return fresh
    }

    // MARK: Steps

    private enum Performance { case done, stopped, failed }

    private func perform(_ steps: [ProposedRemedy.Step]) async -> Performance {
        for (index, step) in steps.enumerated() {
            let changes = changes(of: step)
            let before = await changes?.state() ?? []
            let foreseen = await changes?.prediction(from: before) ?? []
            switch await ask(.step(step, number: index + 1, of: steps.count, foreseen: foreseen)) {
            case .stop:
                report(.declined)
                return .stopped
            case .skip: report(.skipped(step))
            case .yes:
                let isDone = await perform(step)
                // Also where it failed: then it matters the more what it has changed.
                if let changes { tell(await changes.changes(since: before)) }
                guard isDone else { return .failed }
            }
        }
        return .done
    }

    private func tell(_ changes: [StepChanges.Change]) {
        if !changes.isEmpty { report(.changed(changes)) }
    }

    /// `nil` for what a person does.
    private func changes(of step: ProposedRemedy.Step) -> StepChanges? {
        guard case .run(let arguments, _) = step else { return nil }
        let run = run
        return StepChanges(
            arguments: arguments, kubeconfig: diagnostician.kubeconfigPath, read: read,
            run: { arguments in try? await run(arguments, false) }, redact: redact)
    }

    /// What the steps of a remedy are known to change: the paths of files, and whether objects of the cluster.
    package func knownChanges(of remedy: ProposedRemedy) -> [(files: [String], objects: Bool)] {
        remedy.steps.map { step in
            guard let changes = changes(of: step) else { return ([], false) }
            return (changes.files, changes.changesObjects)
        }
    }

    private func perform(_ step: ProposedRemedy.Step) async -> Bool {
        switch step {
        case .say(let text):
            report(.said(text))
            return true
        case .run(let arguments, let isPrivileged):
            report(.running(arguments, isPrivileged: isPrivileged))
            do throws(Unknown) {
                let output = try await run(arguments, isPrivileged).redacted(redact)
                report(.ran(arguments, output))
                return output.exitCode == 0
            } catch {
                report(.couldNotRun(arguments, error))
                return false
            }
        }
    }

    private func rollBack(_ remedy: ProposedRemedy, or outcome: Outcome) async -> Outcome {
        guard !remedy.rollback.isEmpty, case .yes = await ask(.rollBack(remedy.rollback)) else { return outcome }
        report(.rollingBack)
        for step in remedy.rollback {
            let changes = changes(of: step)
            let before = await changes?.state() ?? []
            let isDone = await perform(step)
            if let changes { tell(await changes.changes(since: before)) }
            guard isDone else { return .rollbackFailed }
        }
        return .rolledBack
    }

    // MARK: Verification

    /// Collects again and evaluates the remedy's `verify`, or that the cause no longer holds.
    private func verify(playbook: String, cause: String, remedy: String, _ inquiry: Inquiry) async -> Outcome {
        var inquiry = inquiry
        // `verify` may read facts that the causes do not.
        inquiry.scope = .everything
        var outcome = Outcome.notFixed
        for attempt in 0..<max(1, verifyAttempts) {
            if attempt > 0 { try? await diagnostician.sleep(verifyPauseSeconds) }
            let investigation = await afresh.investigate(inquiry)
            guard let check = investigation.check(playbook: playbook, cause: cause, remedy: remedy) else { break }
            report(.verified(check.condition, check.verdict.status))
            switch check.verdict {
            case .confirmed: return .fixed
            case .ruledOut: outcome = .notFixed
            case .undetermined(let set): outcome = .unverified(check.scope.missing(set))
            case .failed(let error):
                outcome = .unverified([
                    MissingFact(fact: check.condition, reason: "failed", detail: error.message, hint: "")
                ])
            }
        }
        return outcome
    }
}

extension Investigation {
    /// Whether a remedy has worked: its `verify`, else that the cause is ruled out.
    fileprivate func check(
        playbook: String, cause: String, remedy: String
    ) -> (condition: String, verdict: Verdict, scope: Scope)? {
        guard let playbook = library[playbook],
            let cause = playbook.causes.first(where: { $0.id == cause })
        else { return nil }
        let scope = Scope(playbook, memory: memory)
        if let verify = playbook.remedies.first(where: { $0.id == remedy })?.verify {
            return (verify.program.source, Verdict(scope.value(of: verify)), scope)
        }
        let verdict = Verdict(scope.value(of: cause.when))
        return ("!(\(cause.when.program.source))", verdict.negated, scope)
    }
}

extension Verdict {
    fileprivate var negated: Verdict {
        switch self {
        case .confirmed: .ruledOut
        case .ruledOut: .confirmed
        case .undetermined, .failed: self
        }
    }
}

extension CommandOutput {
    fileprivate func redacted(_ redact: (String) -> String) -> CommandOutput {
        func clean(_ bytes: [UInt8]) -> [UInt8] { Array(redact(String(decoding: bytes, as: UTF8.self)).utf8) }
        return CommandOutput(
            exitCode: exitCode, standardOutput: clean(standardOutput), standardError: clean(standardError))
    }
}

extension Diagnostician {
    /// The file that kubectl writes to: the one that was named, the first of KUBECONFIG, or the default.
    fileprivate var kubeconfigPath: String? {
        guard case .live(let surroundings) = source else { return nil }
        return surroundings.selection.kubeconfig
            ?? surroundings.environment["KUBECONFIG"]?.split(separator: ":").first.map(String.init)
            ?? surroundings.homeDirectory + "/.kube/config"
    }
}
