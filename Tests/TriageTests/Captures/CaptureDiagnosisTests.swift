import Foundation
import TestSupport
import Testing

/// The same troubles, live and from what other tools saved of them: the same playbooks give the same answers.
@Suite(.serialized)
struct CaptureDiagnosisTests {
    static let playbooks = ["hpa-missing-cpu-request", "crash-loop-back-off", "image-pull-back-off"]
    static let hasKubectl = FileManager.default.isExecutableFile(atPath: "/usr/bin/kubectl")

    /// `playbook/cause: status, because`, sorted.
    private func answers(_ result: TriageCommand.Result) -> [String] {
        (result.json["findings"] as? [[String: Any]] ?? []).map { finding in
            let text = ["playbook", "cause", "status", "because"].map { finding[$0] as? String ?? "" }
            return "\(text[0])/\(text[1]): \(text[2]), \(text[3])"
        }.sorted()
    }

    private func diagnose(_ path: URL, _ more: [String] = [], playbooks: [String] = playbooks) async throws
        -> TriageCommand.Result
    {
        try await TriageCommand.run(
            ["run"] + playbooks + ["-o", "json", "--snapshot", path.path(percentEncoded: false)] + more)
    }

    private func live(_ kubeconfig: String, playbooks: [String] = playbooks) async throws -> [String] {
        let result = try await TriageCommand.run(
            ["run"] + playbooks + ["-o", "json", "--kubeconfig", kubeconfig, "--now", BrokenCluster.now])
        let answers = answers(result)
        #expect(result.confirmed.count >= playbooks.count, "\(result.output)\n\(result.notes)")
        return answers
    }

    private func kubectl(_ arguments: [String], _ kubeconfig: String, output: URL? = nil, home: URL) async throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/kubectl")
        process.arguments = ["--kubeconfig", kubeconfig] + arguments
        process.environment = ["PATH": "/usr/bin:/bin", "HOME": home.path(percentEncoded: false)]
        let notes = home.appending(path: "kubectl.err")
        let printed = output ?? home.appending(path: "kubectl.out")
        for file in [printed, notes] { try Data().write(to: file) }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: printed)
        process.standardError = try FileHandle(forWritingTo: notes)
        try await process.runToEnd()
        let said = String(decoding: try Data(contentsOf: notes), as: UTF8.self)
        #expect(process.terminationStatus == 0, "kubectl \(arguments): \(said)")
    }

    /// A dump has the logs of running containers only, so that what the last one of a crashed container tells stays open.
    private func asOfADump(_ answers: [String]) -> [String] {
        let cause = "crash-loop-back-off/service-it-needs-unreachable: "
        return answers.map { $0.replacing(cause + "ruled-out", with: cause + "undetermined") }
    }

    @Test(.enabled(if: hasKubectl, "kubectl is not installed: no real dump can be taken"))
    func `a dump that kubectl takes gives the same diagnosis as the cluster`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let expected = try await live(kubeconfig)
            let dump = folder.appending(path: "dump")
            try await kubectl(
                ["cluster-info", "dump", "-A", "--output-directory", dump.path(percentEncoded: false)], kubeconfig,
                home: folder)
            // A dump has no autoscalers: alone it leaves them open, and says why.
            let alone = try await diagnose(dump, playbooks: ["hpa-missing-cpu-request"])
            #expect(alone.exitCode == 2 && alone.output.contains("does not hold horizontalpodautoscalers.autoscaling"))
            for (name, path) in [
                ("hpa", "/apis/autoscaling/v2/horizontalpodautoscalers"), ("sts", "/apis/apps/v1/statefulsets"),
                ("limits", "/api/v1/limitranges"),
            ] {
                try await kubectl(
                    ["get", "--raw", path], kubeconfig, output: dump.appending(path: "\(name).json"), home: folder)
            }
            let result = try await diagnose(dump)
            #expect(answers(result) == asOfADump(expected), "\(result.notes)")
            #expect(result.json["subject"].map { "\($0)" }?.contains("kubeadm") == true)
        }
    }

    @Test(.enabled(if: hasKubectl, "kubectl is not installed: no real dump can be taken"))
    func `a dump as YAML, and one as kubectl prints it, say the same of pods`() async throws {
        let playbooks = ["crash-loop-back-off", "image-pull-back-off"]
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let expected = try await live(kubeconfig, playbooks: playbooks)
            let dump = folder.appending(path: "dump")
            try await kubectl(
                ["cluster-info", "dump", "-A", "-o", "yaml", "--output-directory", dump.path(percentEncoded: false)],
                kubeconfig, home: folder)
            #expect(answers(try await diagnose(dump, playbooks: playbooks)) == asOfADump(expected))
            let printed = folder.appending(path: "dump.txt")
            try await kubectl(["cluster-info", "dump", "-A"], kubeconfig, output: printed, home: folder)
            // A stream does not name the namespaces that hold nothing, so it cannot be of all of them.
            let stream = try await diagnose(printed, playbooks: playbooks)
            #expect(stream.notes.contains("it holds the namespaces kube-system, shop"), "\(stream.notes)")
            #expect(answers(stream) == asOfADump(expected))
        }
    }

    @Test(.enabled(if: hasKubectl, "kubectl is not installed: no real dump can be taken"))
    func `a dump of one namespace is looked at in that namespace`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let dump = folder.appending(path: "dump")
            try await kubectl(
                [
                    "cluster-info", "dump", "--namespaces", "shop,kube-system", "--output-directory",
                    dump.path(percentEncoded: false),
                ], kubeconfig, home: folder)
            let result = try await diagnose(dump, playbooks: ["crash-loop-back-off"])
            #expect(result.confirmed == ["crash-loop-back-off/application-error"], "\(result.output)")
            #expect(result.notes.contains("the namespace shop is looked at"))
            // What it does not hold is open, not absent.
            let other = try await diagnose(dump, ["-n", "default"], playbooks: ["crash-loop-back-off"])
            #expect(other.exitCode == 2 && other.output.contains("does not hold pods of the namespace default"))
        }
    }

    @Test func `a Troubleshoot bundle gives the same diagnosis as the cluster`() async throws {
        let playbooks = ["crash-loop-back-off", "image-pull-back-off"]
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let expected = try await live(kubeconfig, playbooks: playbooks)
            let bundle = folder.appending(path: "support-bundle-2026-11-24T00_20_00")
            try CaptureLayout.troubleshoot.write(to: bundle)
            let result = try await diagnose(bundle, playbooks: playbooks)
            #expect(answers(result) == expected, "\(result.notes)")
            let version = try await TriageCommand.run([
                "facts", "collect", "server.version", "--json", "--snapshot", bundle.path(percentEncoded: false),
            ])
            #expect(version.output.contains("v1.36.2"))
        }
    }

    @Test func `a bundle need not be unpacked, whatever wraps it`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let expected = try await live(kubeconfig, playbooks: ["crash-loop-back-off"])
            let long = String(repeating: "very-", count: 30) + "long-folder"
            try CaptureLayout.troubleshoot.write(to: folder.appending(path: long))
            for (name, options) in [
                ("bundle.tar.gz", ["-czf"]), ("bundle.tar", ["-cf"]), ("pax.tgz", ["--format=pax", "-czf"]),
                ("bundle.tar.xz", ["-cJf"]),
            ] {
                let archive = folder.appending(path: name)
                let process = Process()
                process.executableURL = URL(filePath: "/usr/bin/tar")
                process.arguments =
                    options + [archive.path(percentEncoded: false), "-C", folder.path(percentEncoded: false), long]
                try await process.runToEnd()
                #expect(answers(try await diagnose(archive, playbooks: ["crash-loop-back-off"])) == expected, "\(name)")
                // Cut off, it is said to be.
                let whole = try Data(contentsOf: archive)
                try whole.prefix(whole.count / 2).write(to: archive)
                let cut = try await diagnose(archive, playbooks: ["crash-loop-back-off"])
                #expect(cut.exitCode == 3 && cut.notes.contains("cannot be used"), "\(name): \(cut.notes)")
            }
        }
    }

    @Test func `nothing is mended on this machine for what was captured elsewhere`() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try CaptureLayout(files: SosReportTests.report).write(to: folder)
        let result = try await TriageCommand.run([
            "fix", "swap-enabled", "--remedy", "let-pods-use-swap", "--yes", "--snapshot",
            folder.path(percentEncoded: false),
        ])
        #expect(result.exitCode == 3, "\(result.output)\(result.notes)")
    }

    @Test func `a must-gather and a folder of lists give the same diagnosis as the cluster`() async throws {
        try await withCluster(BrokenCluster.server) { kubeconfig, _, folder in
            let expected = try await live(kubeconfig)
            let lists = folder.appending(path: "lists")
            try CaptureLayout.kubectlGet.write(to: lists)
            #expect(answers(try await diagnose(lists)) == asOfADump(expected))
            let gathered = folder.appending(path: "must-gather.local.1")
            try CaptureLayout.mustGather.write(to: gathered)
            let result = try await diagnose(gathered)
            #expect(answers(result) == expected, "\(result.notes)")
            #expect(result.output.contains("2026-11-24T00:20:00.25Z"), "the time of the capture")
            // Only some namespaces are gathered.
            let other = try await diagnose(gathered, ["-n", "default"])
            #expect(other.exitCode == 2 && other.output.contains("of the namespace default"))
        }
    }

    @Test func `show says what a capture holds, and what of it cannot be read`() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        var layout = CaptureLayout.kubectlGet
        layout.files["broken.json"] = "{\"kind\": \n nothing"
        try layout.write(to: folder)
        let result = try await TriageCommand.run(["snapshot", "show", folder.path(percentEncoded: false)])
        #expect(result.exitCode == 0)
        #expect(result.output.contains("horizontalpodautoscalers.autoscaling  all namespaces"), "\(result.output)")
        #expect(result.output.contains("nodes  the cluster"))
        #expect(result.notes.contains("warning: broken.json:2:2:"), "\(result.notes)")
    }

    @Test func `what is no capture is bad input, and said to be`() async throws {
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let empty = try await diagnose(folder)
        #expect(empty.exitCode == 3 && empty.notes.contains("is nothing that triage can read"), "\(empty.notes)")
        try Data("hello".utf8).write(to: folder.appending(path: "notes.txt"))
        #expect(try await diagnose(folder.appending(path: "notes.txt")).exitCode == 3)
        #expect(try await diagnose(folder.appending(path: "missing")).exitCode == 3)
    }
}

/// The broken cluster as other tools lay it out.
///
/// Written in own words after their documentation; see the readers for the sources.
struct CaptureLayout {
    var files: [String: String]

    func write(to folder: URL) throws {
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
    }

    static var troubleshoot: CaptureLayout {
        var files = [
            "version.yaml": "apiVersion: troubleshoot.sh/v1beta2\nkind: SupportBundle\n",
            "cluster-info/cluster_version.json":
                #"{"info":{"major":"1","minor":"36","gitVersion":"v1.36.2"},"string":"v1.36.2"}"#,
            "cluster-resources/nodes.json": BrokenCluster.list("v1/nodes"),
            "cluster-resources/namespaces.json": BrokenCluster.list("v1/namespaces"),
            "cluster-resources/nodes-errors.json": "null",
            "cluster-resources/pods/logs/shop/worker-0/main.log": BrokenCluster.logs["shop/worker-0"] ?? "",
            "cluster-resources/pods/logs/shop/worker-0/main-previous.log": "starting\n",
        ]
        for namespace in BrokenCluster.namespaces {
            for resource in ["v1/pods", "v1/events", "v1/services", "v1/limitranges", "apps/v1/deployments"] {
                let name = resource.split(separator: "/").last ?? ""
                files["cluster-resources/\(name)/\(namespace).json"] = BrokenCluster.list(
                    resource, namespace: namespace)
            }
            files["cluster-resources/pods-errors.json"] = "{}"
        }
        return CaptureLayout(files: files)
    }

    /// YAML takes JSON as it is.
    static var mustGather: CaptureLayout {
        let image = "quay-io-openshift-must-gather-sha256-0f"
        var files = [
            "must-gather.log": "gathering\n",
            "timestamp": "2026-11-24 00:18:00.5 +0000 UTC m=+0.1\n2026-11-24 00:20:00.25 +0000 UTC m=+120.1\n",
            "\(image)/version": "openshift/must-gather\n4.20.0\n",
            "\(image)/cluster-scoped-resources/core/nodes/node-1.yaml": single("v1/nodes", 0),
            "\(image)/namespaces/shop/pods/worker-0/main/main/logs/current.log":
                BrokenCluster.logs["shop/worker-0"] ?? "",
            "\(image)/namespaces/shop/pods/worker-0/main/main/logs/previous.log": "starting\n",
            "\(image)/namespaces/shop/shop.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
        ]
        for namespace in ["shop", "kube-system"] {
            for resource in BrokenCluster.objects.keys where !["v1/nodes", "v1/namespaces"].contains(resource) {
                let parts = resource.split(separator: "/")
                let group = parts.count == 2 ? "core" : String(parts[0])
                files["\(image)/namespaces/\(namespace)/\(group)/\(parts[parts.count - 1]).yaml"] =
                    BrokenCluster.list(resource, namespace: namespace)
            }
        }
        return CaptureLayout(files: files)
    }

    static var kubectlGet: CaptureLayout {
        let names = [
            "v1/nodes", "v1/pods", "v1/events", "v1/limitranges", "apps/v1/deployments", "apps/v1/replicasets",
            "apps/v1/statefulsets",
        ]
        var files = Dictionary(
            uniqueKeysWithValues: names.map {
                ("\($0.split(separator: "/").last ?? "").json", BrokenCluster.list($0))
            })
        // kubectl's own form: a List of anything, each object with its kind.
        files["hpa.json"] =
            #"{"apiVersion":"v1","kind":"List","items":[\#(single("autoscaling/v2/horizontalpodautoscalers", 0))]}"#
        return CaptureLayout(files: files)
    }

    /// One object with its kind and version.
    private static func single(_ resource: String, _ index: Int) -> String {
        let parts = resource.split(separator: "/").map(String.init)
        let object = (BrokenCluster.objects[resource] ?? [:]).sorted { $0.key < $1.key }.flatMap(\.value)[index]
        let kind = BrokenCluster.kinds[parts[parts.count - 1]] ?? ""
        return #"{"apiVersion":"\#(parts.dropLast().joined(separator: "/"))","kind":"\#(kind)","# + object.dropFirst()
    }
}
