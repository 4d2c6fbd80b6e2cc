import CEL
import Facts
import Playbooks
import Synchronization
import Testing

@testable import Engine

@Suite struct RemediationTests {
    /// A machine with a switch that commands turn.
    final class Machine: Sendable {
        let isOn = Mutex(true)
        let ran = CallLog()
        let events = CallLog()
        var on: Bool { isOn.withLock { $0 } }
    }

    static let text = playbookText(
        "p", facts: "on: on\nextra: extra\nmissing: missing",
        causes: "- {id: a, title: T, when: facts.on, remedies: [off, dark]}",
        remedies: """
            off:
              title: Off
              risk: destructive
              steps: [{run: [turn, off], privileged: true}, {say: well done}]
              rollback: [{run: [turn, on]}]
              verify: "!facts.on && facts.extra"
            dark:
              title: Dark
              risk: safe
              steps: [{run: [turn, "{{ facts.missing }}"]}]
              verify: "!facts.on"
            """
    )

    private func fix(
        _ machine: Machine, remedy: String = "off", extra: Answer = .bool(true),
        answer: @escaping @Sendable (Remediation.Question) -> Remediation.Answer = { _ in .yes },
        command: @escaping @Sendable ([String], Machine) -> Int32 = { arguments, machine in
            machine.isOn.withLock { $0 = arguments == ["turn", "on"] }
            return 0
        }
    ) async -> Remediation.Outcome {
        let world = MadeUp().adding(MadeUpCollector("on", .bool) { _ in .bool(machine.on) })
            .adding("extra", .bool, extra).adding("missing", .string, .unknown(Unknown(.denied, "")))
        var remediation = Remediation(
            diagnostician: world.diagnostician(
                world.playbooks(Self.text), sleep: { if $0 > 5 { try await Task.sleep(for: .seconds($0)) } }),
            ask: { answer($0) },
            run: { arguments, _ in
                machine.ran.add(arguments.joined(separator: " "))
                return CommandOutput(exitCode: command(arguments, machine), standardOutput: [], standardError: [])
            },
            report: { machine.events.add(Self.word($0)) })
        remediation.verifyAttempts = 2
        return await remediation.fix(playbook: "p", cause: "a", remedy: remedy)
    }

    private static func word(_ event: Remediation.Event) -> String {
        switch event {
        case .planned: "planned"
        case .declined: "declined"
        case .skipped: "skipped"
        case .said: "said"
        case .running: "running"
        case .ran: "ran"
        case .changed(let changes): "changed " + changes.map(\.name).joined(separator: ",")
        case .rechecked: "rechecked"
        case .couldNotRun: "couldNotRun"
        case .verified(_, let status): "verified \(status.rawValue)"
        case .rollingBack: "rollingBack"
        case .finished: "finished"
        }
    }

    @Test func `a remedy is planned, asked for, run, and verified by looking again`() async {
        let machine = Machine()
        #expect(await fix(machine) == .fixed)
        #expect(machine.ran.all == ["turn off"])
        #expect(
            machine.events.all == ["planned", "rechecked", "running", "ran", "said", "verified confirmed", "finished"])
    }

    @Test func `what does not help is rolled back`() async {
        let machine = Machine()
        let outcome = await fix(machine, command: { _, _ in 0 })
        #expect(outcome == .rolledBack)
        #expect(machine.ran.all == ["turn off", "turn on"])
        #expect(machine.events.all.filter { $0 == "verified ruled-out" }.count == 2)
    }

    @Test func `a failing command ends the remedy and offers the rollback`() async {
        let machine = Machine()
        #expect(await fix(machine, command: { arguments, _ in arguments == ["turn", "on"] ? 0 : 7 }) == .rolledBack)
        #expect(await fix(machine, command: { _, _ in 7 }) == .rollbackFailed)
        let declining = await fix(
            machine, answer: { if case .rollBack = $0 { .stop } else { .yes } }, command: { _, _ in 7 })
        #expect(declining == .stepFailed)
    }

    @Test func `nothing runs that was not agreed to`() async {
        let machine = Machine()
        #expect(await fix(machine, answer: { _ in .stop }) == .declined)
        #expect(machine.ran.all.isEmpty)
        let stopping = await fix(machine, answer: { if case .begin = $0 { .yes } else { .stop } })
        #expect(stopping == .declined)
        #expect(machine.ran.all.isEmpty)
    }

    @Test func `a remedy that is no longer needed is not done`() async {
        let machine = Machine()
        machine.isOn.withLock { $0 = false }
        #expect(await fix(machine) == .notNeeded(.ruledOut))
        #expect(machine.ran.all.isEmpty)
    }

    @Test func `a remedy that lacks a value is not done`() async {
        let machine = Machine()
        let outcome = await fix(machine, remedy: "dark")
        #expect(outcome == .notPossible(["<facts.missing> must be filled in: "]))
        #expect(await fix(machine, remedy: "none") == .notPossible(["the remedy 'none' does not apply here"]))
        #expect(machine.ran.all.isEmpty)
    }

    @Test func `whether it helped may not be visible`() async {
        let machine = Machine()
        let outcome = await fix(machine, extra: .unknown(Unknown(.denied, "dark")))
        guard case .unverified(let missing) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(missing.map { "\($0.fact) \($0.reason) \($0.detail)" } == ["extra denied dark"])
    }
}
