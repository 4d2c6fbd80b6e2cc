import Facts
import Testing

@testable import Engine

@Suite struct UnifiedDiffTests {
    @Test func `a changed line stands with three lines around it`() {
        let old = (1...9).map { "line \($0)\n" }.joined()
        let diff = UnifiedDiff(from: old, to: old.replacing("line 5", with: "LINE 5"), name: "/etc/x")
        #expect(
            diff.text == """
                --- /etc/x (before)
                +++ /etc/x (after)
                @@ -2,7 +2,7 @@
                 line 2
                 line 3
                 line 4
                -line 5
                +LINE 5
                 line 6
                 line 7
                 line 8

                """)
    }

    @Test(arguments: [
        ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"), ("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"),
        ("a\nb\nc\n", "a\nc\n", "@@ -1,3 +1,2 @@\n a\n-b\n c\n"), ("a\n", "a\nb\n", "@@ -1,1 +1,2 @@\n a\n+b\n"),
        ("x\na\ny\n", "a\nz\n", "@@ -1,3 +1,2 @@\n-x\n a\n-y\n+z\n"),
    ])
    func `what came and what went is marked`(old: String, new: String, hunk: String) {
        #expect(UnifiedDiff(from: old, to: new, name: "f").text == "--- f (before)\n+++ f (after)\n" + hunk)
    }

    @Test func `nothing changed is nothing said`() {
        #expect(UnifiedDiff(from: "a\n", to: "a\n", name: "f").text.isEmpty)
    }

    @Test func `changes far apart are told apart`() {
        let old = (1...40).map { "\($0)\n" }.joined()
        let new = old.replacing("\n5\n", with: "\nfive\n").replacing("\n35\n", with: "\nthirty-five\n")
        #expect(UnifiedDiff(from: old, to: new, name: "f").text.split(separator: "@@ -").count == 3)
    }

    @Test func `a secret that changed is seen to have changed and not shown`() {
        let diff = UnifiedDiff(from: "token: a\n", to: "token: b\n", name: "f", showing: { _ in "token: [redacted]" })
        #expect(diff.text.hasSuffix("-token: [redacted]\n+token: [redacted]\n"))
    }
}

@Suite struct StepChangesTests {
    private func changes(
        _ arguments: [String], run: @escaping @Sendable ([String]) async -> CommandOutput? = { _ in nil }
    ) -> StepChanges {
        StepChanges(
            arguments: arguments, kubeconfig: "/home/config", read: { .text("what is in \($0)\n") }, run: run,
            redact: { $0 })
    }

    @Test(arguments: [
        (["sed", "-i", "/swap/d", "/etc/fstab"], ["/swap/d", "/etc/fstab"]), (["swapoff", "-a"], []),
        (["kubectl", "config", "use-context", "--", "a"], ["/home/config"]),
        (["kubectl", "config", "view"], []), (["aws", "eks", "update-kubeconfig", "--name=x"], ["/home/config"]),
        (["kubectl", "config", "unset", "users.a", "--kubeconfig=/other"], ["/other"]),
        (["mv", "--", "/a/member", "/a/member.aside"], ["/a/member", "/a/member.aside"]),
    ])
    func `the files that a step names are known`(arguments: [String], files: [String]) {
        #expect(changes(arguments).files == files)
    }

    /// A cluster with one deployment, as kubectl shows it.
    private static func kubectl(_ arguments: [String]) -> CommandOutput? {
        func answer(_ text: String) -> CommandOutput {
            CommandOutput(exitCode: 0, standardOutput: Array(text.utf8), standardError: [])
        }
        if arguments.contains("--dry-run=server") {
            return answer(arguments.last == "name" ? "deployment.apps/web\n" : "replicas: 3\nresourceVersion: \"9\"\n")
        }
        guard arguments == ["kubectl", "-n", "shop", "get", "deployment.apps/web", "-o", "yaml"] else { return nil }
        return answer("replicas: 1\nresourceVersion: \"8\"\n")
    }

    @Test func `the server says beforehand what an object becomes`() async {
        let changes = changes(
            ["kubectl", "-n", "shop", "scale", "deployment/web", "--replicas=3"], run: { Self.kubectl($0) })
        #expect(changes.changesObjects)
        let state = await changes.state()
        #expect(state.map(\.name) == ["deployment.apps/web"])
        let foreseen = await changes.prediction(from: state)
        #expect(foreseen.map(\.diff).joined().contains("-replicas: 1\n+replicas: 3\n"), "\(foreseen)")
        #expect(!foreseen.map(\.diff).joined().contains("resourceVersion"))
    }

    @Test func `a read is no change`() async {
        let changes = changes(["kubectl", "get", "pods"], run: { Self.kubectl($0) })
        #expect(!changes.changesObjects)
        #expect(await changes.state().isEmpty)
    }
}
