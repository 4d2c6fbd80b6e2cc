import CEL
import Facts
import Foundation
import TestSupport
import Testing

@testable import Collectors

/// What captures answer, and what they must not claim.
struct CaptureTests {
    private func folder(_ files: [String: String], _ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "capture-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (path, text) in files {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        try await body(folder)
    }

    private func list(_ kind: String, _ items: [String], apiVersion: String = "v1") -> String {
        #"{"kind":"\#(kind)List","apiVersion":"\#(apiVersion)","items":[\#(items.joined(separator: ","))]}"#
    }

    private func object(_ name: String, _ namespace: String? = nil, _ more: String = "") -> String {
        let place = namespace.map { #","namespace":"\#($0)""# } ?? ""
        return #"{"metadata":{"name":"\#(name)"\#(place)}\#(more)}"#
    }

    private func names(_ capture: Capture, _ parameters: [String: Value], namespace: String? = nil) async throws
        -> [String]
    {
        let surroundings = capture.surroundings(text: "", namespace: namespace, now: nil)
        let fact = try await KubernetesCollector().collect(parameters, in: surroundings)
        return (fact.value[field: "items"]?.elements ?? []).compactMap { $0[field: "metadata"]?[field: "name"]?.text }
    }

    /// A dump of the namespaces, each with one pod of its name.
    private func dump(_ namespaces: [String]) -> [String: String] {
        var files = ["nodes.json": list("Node", [object("n1")])]
        for namespace in namespaces {
            files["\(namespace)/pods.json"] = list("Pod", [object("\(namespace)-pod", namespace)])
            files["\(namespace)/events.json"] = list("Event", [])
        }
        return files
    }

    @Test func `a dump of all namespaces gives whole lists, another one only those it has`() async throws {
        try await folder(dump(["default", "kube-node-lease", "kube-public", "kube-system", "shop"])) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            #expect(try await names(capture, ["resource": .string("pods")]).count == 5)
            #expect(try await names(capture, ["resource": .string("events")]) == [])
        }
        try await folder(dump(["a", "b"])) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            await #expect(throws: Unknown.self) { try await names(capture, ["resource": .string("pods")]) }
            #expect(try await names(capture, ["resource": .string("pods"), "namespace": .string("b")]) == ["b-pod"])
            for missing in ["statefulsets.apps", "my.things.example"] {
                await #expect(throws: Unknown.self) { try await names(capture, ["resource": .string(missing)]) }
            }
            do {
                _ = try await names(capture, ["resource": .string("pods"), "namespace": .string("c")])
                Issue.record("a namespace that is not held is not empty")
            } catch let unknown as Unknown {
                #expect(unknown.reason == .notCollected)
                #expect(unknown.detail.hasSuffix("does not hold pods of the namespace c"))
            }
        }
    }

    @Test func `saved lists tell by their objects of which namespaces they are`() async throws {
        let wide = list("Pod", [object("a", "x"), object("b", "y")])
        try await folder(["pods.json": wide, "hpa.yaml": "kind: List\napiVersion: v1\nitems: []\n"]) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            #expect(try await names(capture, ["resource": .string("pods")]) == ["a", "b"])
            #expect(try await names(capture, ["resource": .string("pods"), "namespace": .string("z")]) == [])
            #expect(try await names(capture, ["resource": .string("horizontalpodautoscalers.autoscaling")]) == [])
        }
        // One namespace alone is no sign of -A, and an empty list beside it is of nobody knows which.
        try await folder(["pods.json": list("Pod", [object("a", "x")]), "hpa.json": list("", [])]) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            #expect(try await names(capture, ["resource": .string("pods")]) == ["a"], "looked at in x")
            await #expect(throws: Unknown.self) {
                try await names(capture, ["resource": .string("pods")], namespace: "z")
            }
            await #expect(throws: Unknown.self) {
                try await names(capture, ["resource": .string("horizontalpodautoscalers.autoscaling")])
            }
        }
        // A single object says nothing about others, but itself.
        let single = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: x}\n"
        try await folder(["pod.yaml": single]) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            let one: [String: Value] = ["resource": .string("pods"), "namespace": .string("x"), "name": .string("a")]
            #expect(try await names(capture, one) == ["a"])
            await #expect(throws: Unknown.self) {
                try await names(capture, ["resource": .string("pods"), "namespace": .string("x")])
            }
            await #expect(throws: Unknown.self) {
                try await names(capture, one.merging(["name": .string("b")]) { $1 })
            }
        }
    }

    /// How tools write two pods, of which one is of the namespace x, and a third of another kind beside them.
    private static let forms: [(name: String, text: String)] = {
        let a = #"{"metadata":{"name":"a","namespace":"x","labels":{"app":"web"}},"spec":{"nodeName":"n1"}}"#
        let b = #"{"metadata":{"name":"b","namespace":"y"},"spec":{"nodeName":"n2"}}"#
        func typed(_ object: String, _ kind: String = "Pod") -> String {
            #"{"apiVersion":"v1","kind":"\#(kind)","# + object.dropFirst()
        }
        let service = typed(#"{"metadata":{"name":"s","namespace":"x"}}"#, "Service")
        let yamlA = """
            - apiVersion: v1
              kind: Pod
              metadata:
                name: a
                namespace: x
                labels:
                  app: web
                annotations:
                  text: |
                    - no item
                    items:

                    # nor a comment
              spec:
                nodeName: n1
            """
        let yamlB = "- apiVersion: v1\n  kind: Pod\n  metadata: {name: b, namespace: y}\n  spec:\n    nodeName: n2"
        let indented = (yamlA + "\n" + yamlB).split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.isEmpty ? "" : "  \($0)" }.joined(separator: "\n")
        return [
            ("typed.json", #"{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[\#(a),\#(b)]}"#),
            ("sorted.json", #"{"apiVersion":"v1","items":[\#(a),\#(b)],"kind":"PodList","metadata":{}}"#),
            ("list.json", #"{"apiVersion":"v1","items":[\#(typed(a)),\#(service),\#(typed(b))],"kind":"List"}"#),
            ("bare.json", "[\(typed(a)),\n\(typed(b))]"),
            (
                "compact.yaml",
                "apiVersion: v1\nitems:\n\(yamlA)\n\(yamlB)\nkind: List\nmetadata:\n  resourceVersion: ''\n"
            ),
            ("indented.yaml", "---\napiVersion: v1\nkind: PodList\nitems:\n\(indented)\n"),
            ("flow.yaml", "{apiVersion: v1, kind: PodList, items: [\(a), \(b)]}\n"),
            (
                "documents.yaml",
                "---\nkind: PodList\napiVersion: v1\nitems:\n\(yamlA)\n\(yamlB)\n"
                    + "---\nkind: ServiceList\napiVersion: v1\nitems: []\n"
            ),
        ]
    }()

    /// The capture, reading large files so from so many bytes on.
    private func streaming(_ capture: Capture, from size: Int) -> Capture {
        var contents = capture.contents
        contents.streamedFrom = size
        return Capture(contents: contents, collectedAt: capture.collectedAt)
    }

    @Test(arguments: forms.map(\.name), [0, Int.max])
    func `a large file gives what a small one gives`(name: String, streamedFrom: Int) async throws {
        let text = try #require(Self.forms.first { $0.name == name }?.text)
        try await folder([name: text]) { folder in
            let capture = streaming(try Capture.open(folder.path(percentEncoded: false)), from: streamedFrom)
            let pods: [String: Value] = ["resource": .string("pods")]
            #expect(try await names(capture, pods) == ["a", "b"])
            #expect(try await names(capture, pods, namespace: "x") == ["a"])
            for (selected, name) in [
                (["labelSelector": Value.string("app=web")], "a"),
                (["fieldSelector": .string("spec.nodeName=n2")], "b"),
                (["name": .string("b"), "namespace": .string("y")], "b"),
            ] {
                #expect(try await names(capture, pods.merging(selected) { $1 }) == [name])
            }
            var surroundings = capture.surroundings(text: "", namespace: nil, now: nil)
            surroundings.reading = Projection(paths: ["items[*].spec.nodeName"])
            let part = try await KubernetesCollector().collect(pods, in: surroundings).value
            #expect(part.at("items")?.elements?.count == 2)
            #expect("\(part)".contains("n2") && !"\(part)".contains("metadata"), "\(part)")
        }
    }

    @Test(arguments: [
        ("cut.json", #"{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a""#, "cut.json:1:"),
        ("wrong.json", "{\"kind\":\"PodList\",\n\"items\":[{\"metadata\":{}},\n  nonsense]}", "wrong.json:3:3"),
        (
            "wrong.yaml", "kind: PodList\napiVersion: v1\nitems:\n- metadata: {name: a}\n- metadata: {name: b\n- c\n",
            "wrong.yaml:"
        ),
    ])
    func `what is wrong in a large file is told with its place`(name: String, text: String, place: String) async throws
    {
        try await folder([name: text]) { folder in
            let tree = try CaptureFolder(folder.path(percentEncoded: false))
            #expect {
                try ObjectStream.read(name, in: tree, reading: .whole) { object, _ in object }
            } throws: {
                ($0 as? Unknown)?.reason == .malformed && ($0 as? Unknown)?.detail.contains(place) == true
            }
        }
    }

    @Test func `objects of another version than is read are not taken for it`() async throws {
        let old = list("HorizontalPodAutoscaler", [object("h", "x"), object("i", "y")], apiVersion: "autoscaling/v1")
        try await folder(["hpa.json": old]) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            await #expect(throws: Unknown.self) {
                try await names(capture, ["resource": .string("horizontalpodautoscalers.autoscaling")])
            }
        }
    }

    @Test(arguments: [
        ("labelSelector", "app=web", ["a"]), ("labelSelector", "app!=web", ["b", "c"]),
        ("labelSelector", "app in (web, db)", ["a", "b"]), ("labelSelector", "app notin (web)", ["b", "c"]),
        ("labelSelector", "app", ["a", "b"]), ("labelSelector", "!app", ["c"]),
        ("labelSelector", "app in (web,db),tier=1", ["b"]), ("fieldSelector", "status.phase=Failed", ["b"]),
        ("fieldSelector", "status.phase!=Failed,metadata.name!=c", ["a"]),
        ("fieldSelector", "spec.nodeName=", ["a", "b", "c"]),
    ])
    func `selectors leave out what a server would`(kind: String, selector: String, expected: [String]) async throws {
        let pods = [
            #"{"metadata":{"name":"a","namespace":"x","labels":{"app":"web"}},"status":{"phase":"Running"}}"#,
            #"{"metadata":{"name":"b","namespace":"x","labels":{"app":"db","tier":"1"}},"status":{"phase":"Failed"}}"#,
            object("c", "y"),
        ]
        try await folder(["pods.json": list("Pod", pods)]) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            #expect(try await names(capture, ["resource": .string("pods"), kind: .string(selector)]) == expected)
        }
    }

    @Test func `logs are found in every layout, and one of several containers is named`() async throws {
        let marked = """
            ==== START logs for container a of pod x/p ====
            one
            two
            ==== END logs for container a of pod x/p ====
            ==== START logs for container b of pod x/p ====
            three
            ==== END logs for container b of pod x/p ====
            """
        var files = dump(["x"])
        files["x/p/logs.txt"] = marked
        try await folder(files) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            func log(_ more: [String: Value]) async throws -> Value? {
                let given: [String: Value] = ["pod": .string("p"), "namespace": .string("x")]
                return try await LogsCollector().collect(
                    given.merging(more) { $1 },
                    in: capture.surroundings(text: "", namespace: nil, now: nil)
                ).value[field: "content"]
            }
            #expect(try await log(["container": .string("a")])?.text == "one\ntwo\n")
            #expect(try await log(["container": .string("b")])?.text == "three\n")
            await #expect(throws: Unknown.self) { try await log([:]) }
            await #expect(throws: Unknown.self) { try await log(["container": .string("c")]) }
            await #expect(throws: Unknown.self) {
                try await log(["container": .string("a"), "previous": .bool(true)])
            }
        }
    }

    @Test func `links out of the capture, deep folders and pipes are not followed`() async throws {
        try await folder([
            "capture/pods.json": list("Pod", [object("a", "x"), object("b", "y")]),
            "secret.json": list("Secret", [object("s", "x"), object("t", "y")]),
        ]) { folder in
            let inside = folder.appending(path: "capture")
            func path(_ name: String) -> String { inside.appending(path: name).path(percentEncoded: false) }
            let manager = FileManager.default
            try manager.createSymbolicLink(atPath: path("secrets.json"), withDestinationPath: "../secret.json")
            try manager.createSymbolicLink(atPath: path("absolute.json"), withDestinationPath: "/etc/hostname")
            try manager.createSymbolicLink(atPath: path("loop"), withDestinationPath: ".")
            try manager.createSymbolicLink(atPath: path("circle"), withDestinationPath: "circle")
            let made = unsafe mkfifo(path("pipe.json"), 0o600)
            #expect(made == 0)
            let capture = try Capture.open(inside.path(percentEncoded: false))
            #expect(try await names(capture, ["resource": .string("pods")]) == ["a", "b"])
            await #expect(throws: Unknown.self) { try await names(capture, ["resource": .string("secrets")]) }
            // A link that comes after the capture was opened.
            try manager.removeItem(atPath: path("pods.json"))
            try manager.createSymbolicLink(atPath: path("pods.json"), withDestinationPath: "../secret.json")
            #expect(throws: Unknown.self) { try capture.contents.tree.read("pods.json", limit: 1 << 20) }
            let deep = (0..<40).map { "d\($0)" }.joined(separator: "/")
            try manager.createDirectory(atPath: path(deep), withIntermediateDirectories: true)
            #expect(throws: Unknown.self) { try Capture.open(inside.path(percentEncoded: false)) }
        }
    }

    @Test(arguments: [
        (#"{"metadata":{"name":"n","labels":{"eks.amazonaws.com/nodegroup":"g"}}}"#, "eks"),
        (#"{"metadata":{"name":"n","labels":{"cloud.google.com/gke-nodepool":"g"}}}"#, "gke"),
        (#"{"metadata":{"name":"n","labels":{"kubernetes.azure.com/cluster":"g"}}}"#, "aks"),
        (#"{"metadata":{"name":"n","labels":{"node.openshift.io/os_id":"rhcos"}}}"#, "openshift"),
        (#"{"metadata":{"name":"n"},"status":{"nodeInfo":{"kubeletVersion":"v1.36.2+k3s1"}}}"#, "k3s"),
        (#"{"metadata":{"name":"n"},"spec":{"providerID":"kind://docker/lab/lab-control-plane"}}"#, "kind"),
        (#"{"metadata":{"name":"n"}}"#, "unknown"),
    ])
    func `the nodes tell the platform`(node: String, expected: String) async throws {
        try await folder(["nodes.json": list("Node", [node])]) { folder in
            let capture = try Capture.open(folder.path(percentEncoded: false))
            let fact = try await PlatformCollector().collect(
                [:], in: capture.surroundings(text: "", namespace: nil, now: nil))
            #expect(fact.value[field: "name"]?.text == expected)
        }
    }
}

/// Every collector, shown a capture that holds nothing it asks for.
struct CaptureContractTests {
    static let needed: [String: Value] = [
        "resource": .string("pods"), "run": .list([.string("true")]), "path": .string("/etc/hosts"),
        "url": .string("https://127.0.0.1/"), "file": .string("/var/log/syslog"),
    ]

    @Test(arguments: Catalogue.builtIn.names)
    func `what a capture does not hold is unknown`(name: String) async throws {
        let collector = try #require(Catalogue.builtIn[name])
        // Told from the text alone.
        guard collector.declaration.cost > .memory else { return }
        let tree = CaptureMemory(["x.json": []], modified: Timestamp(seconds: 0))
        let capture = Capture(
            contents: CaptureContents("empty capture", tree), collectedAt: Timestamp(seconds: 1_795_478_400))
        var parameters: [String: Value] = [:]
        for parameter in collector.declaration.parameters {
            parameters[parameter.name] = parameter.defaultValue
            if parameter.isRequired || name == "logs" && parameter.name == "file" {
                parameters[parameter.name] = Self.needed[parameter.name]
            }
        }
        let surroundings = capture.surroundings(text: "", namespace: nil, now: nil)
        do throws(Unknown) {
            let fact = try await collector.collect(parameters, in: surroundings)
            #expect(Self.isUnknown(fact.value), "\(name) claims \(fact.value)")
        } catch {
            #expect(!error.detail.isEmpty)
        }
    }

    /// Whether nothing in it is claimed.
    private static func isUnknown(_ value: Value) -> Bool {
        switch value {
        case .unknown: true
        case .map(let map): map.entries.allSatisfy { isUnknown($0.value) }
        default: false
        }
    }
}

/// Files in memory.
private struct CaptureMemory: CaptureTree {
    let files: [CaptureFile]
    private let contents: [String: [UInt8]]

    init(_ contents: [String: [UInt8]], modified: Timestamp) {
        self.contents = contents
        files = contents.map { CaptureFile(path: $0.key, size: $0.value.count, modified: modified) }
            .sorted { $0.path < $1.path }
    }

    func read(_ path: String, limit: Int) throws(Unknown) -> [UInt8] {
        guard let bytes = contents[path] else { throw Unknown(.notFound, "\(path) is not in the capture") }
        guard bytes.count <= limit else {
            throw Unknown(.truncated, "\(path) has \(bytes.count) bytes, more than the limit of \(limit)")
        }
        return bytes
    }

    func read(_ path: String, at offset: Int, count: Int) throws(Unknown) -> [UInt8] {
        Array(try read(path, limit: .max).dropFirst(offset).prefix(count))
    }
}
