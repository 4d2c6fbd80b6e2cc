import Foundation
import TestSupport
import Testing

/// What would be asked, told beforehand: as a plan, and as a role.
struct PlanTests {
    @Test func `the role of a playbook grants what it lists and nothing else`() async throws {
        let result = try await TriageCommand.run(["rbac", "hpa-missing-cpu-request", "join-token-expired"])
        #expect(result.exitCode == 0)
        #expect(
            result.output == """
                # For hpa-missing-cpu-request, join-token-expired, by triage rbac.
                apiVersion: rbac.authorization.k8s.io/v1
                kind: ClusterRole
                metadata:
                  name: triage
                rules:
                - apiGroups: [""]
                  resources: ["limitranges", "pods"]
                  verbs: [list]
                - apiGroups: ["apps"]
                  resources: ["deployments", "replicasets", "statefulsets"]
                  verbs: [list]
                - apiGroups: ["autoscaling"]
                  resources: ["horizontalpodautoscalers"]
                  verbs: [list]
                # only in kube-public: a Role there would do
                - apiGroups: [""]
                  resources: ["configmaps"]
                  resourceNames: ["cluster-info"]
                  verbs: [get]
                # only in kube-system: a Role there would do
                - apiGroups: [""]
                  resources: ["secrets"]
                  resourceNames: ["kubeadm-certs"]
                  verbs: [list]

                """, "\(result.output)")
        // Which pod's log is read depends on what the list of pods says.
        let log = try await TriageCommand.run(["rbac", "crash-loop-back-off"])
        #expect(log.output.contains("resources: [\"pods/log\"]\n  verbs: [get]\n"), "\(log.output)")
        let node = try await TriageCommand.run(["rbac", "swap-enabled"])
        #expect(node.output.hasSuffix("name: triage-swap-enabled\nrules: []\n"))
    }

    @Test func `the role of all playbooks covers whatever a run of them asks, with read verbs alone`() async throws {
        let role = try await TriageCommand.run(["rbac"])
        let verbs = role.output.split(separator: "\n").filter { $0.contains("verbs:") }
        #expect(Set(verbs).isSubset(of: ["  verbs: [get]", "  verbs: [list]"]), "\(role.output)")
        try await withCluster(BrokenCluster.server) { kubeconfig, loopback, folder in
            _ = try await TriageCommand.run([
                "collect", "-o", folder.appending(path: "s").path(percentEncoded: false), "--kubeconfig", kubeconfig,
            ])
            #expect(!loopback.requests.isEmpty)
            for request in loopback.requests {
                #expect(["GET", "HEAD"].contains(request.method))
                let parts = request.path.split(separator: "/").map(String.init)
                guard parts.count > 2, ["api", "apis"].contains(parts[0]) else {
                    #expect(
                        role.output.contains("\"\(request.path)\"") || request.path.hasPrefix("/api"), "\(request.path)"
                    )
                    continue
                }
                let plural = parts[parts.count - 1]
                let isCovered =
                    role.output.contains("\"\(plural)\"") || plural == "log" && role.output.contains("\"pods/log\"")
                    || role.output.contains("\"\(parts[parts.count - 2])\"")
                    || role.output.contains("/apis/*") && parts.count == 3
                #expect(isCovered, "\(request.path)")
            }
        }
    }

    @Test(.enabled(if: CaptureDiagnosisTests.hasKubectl, "kubectl is not installed: the role is not tried with it"))
    func `kubectl takes the role`() async throws {
        var server = BrokenCluster.server
        let group = "rbac.authorization.k8s.io"
        server.answers["/apis"] = .json(
            #"{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"\#(group)","versions":[{"groupVersion":"\#(group)/v1","version":"v1"}],"preferredVersion":{"groupVersion":"\#(group)/v1","version":"v1"}}]}"#
        )
        server.answers["/apis/\(group)/v1"] = .json(
            #"{"kind":"APIResourceList","groupVersion":"\#(group)/v1","resources":[{"name":"clusterroles","singularName":"clusterrole","namespaced":false,"kind":"ClusterRole","verbs":["get","create","patch"]}]}"#
        )
        server.answers["/apis/\(group)/v1/clusterroles/triage"] = .json(
            #"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"clusterroles \"triage\" not found"}"#,
            status: 404)
        try await withCluster(server) { kubeconfig, _, folder in
            let role = folder.appending(path: "role.yaml")
            try Data(try await TriageCommand.run(["rbac"]).output.utf8).write(to: role)
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/kubectl")
            process.arguments = [
                "--kubeconfig", kubeconfig, "apply", "--dry-run=client", "--validate=false", "-f",
                role.path(percentEncoded: false),
            ]
            process.environment = ["PATH": "/usr/bin:/bin", "HOME": folder.path(percentEncoded: false)]
            let printed = folder.appending(path: "out")
            try Data().write(to: printed)
            let handle = try FileHandle(forWritingTo: printed)
            (process.standardOutput, process.standardError) = (handle, handle)
            try await process.runToEnd()
            let said = String(decoding: try Data(contentsOf: printed), as: UTF8.self)
            #expect(process.terminationStatus == 0, "\(said)")
            #expect(said.contains("clusterrole.rbac.authorization.k8s.io/triage created (dry run)"), "\(said)")
        }
    }

    @Test func `a dry run names requests, commands and files, and asks nothing`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, loopback, folder in
            let output = folder.appending(path: "snapshot").path(percentEncoded: false)
            for arguments in [
                ["run", "crash-loop-back-off", "swap-enabled", "--dry-run"],
                ["diagnose", "running with swap on is not supported; CrashLoopBackOff", "--dry-run"],
                ["collect", "crash-loop-back-off", "swap-enabled", "-o", output, "--dry-run"],
            ] {
                let result = try await TriageCommand.run(arguments + ["--kubeconfig", kubeconfig])
                #expect(result.exitCode == 0, "\(arguments): \(result.notes)")
                for ask in ["GET /api/v1/pods?limit=500", "read /proc/swaps", "read \(kubeconfig)"] {
                    #expect(result.output.contains(ask), "\(arguments): \(ask) is missing in \(result.output)")
                }
            }
            #expect(loopback.requests.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: output))
        }
    }
}
