// Times a diagnosis of a large cluster: `swift run -c release bench-facts [PODS]`.
//
// Makes up a cluster of 100,000 pods (about 500 MB of JSON), serves it from this process in pages of 500, writes it into
// a snapshot, and runs the `triage` beside this binary on both: `triage run hpa-missing-cpu-request`. Then `triage
// collect` writes a snapshot of what is served, which has to give the same answer. Beside it stands what Foundation takes
// to decode the same pages from memory, with nobody's conditions.
internal import CEL
internal import Collectors
internal import Facts
internal import Foundation
internal import NIOCore

let count = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100_000
let scratch = FileManager.default.temporaryDirectory.appending(path: "bench-facts-\(getpid())")
try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: scratch) }

let clusters = ["all": MadeUpCluster(podCount: count), "few": MadeUpCluster(podCount: min(count, 1000))]
let pages = clusters.mapValues { cluster in
    stride(from: 0, to: cluster.podCount, by: 500).map { start in
        ByteBuffer(bytes: MadeUpPods(cluster: cluster).page(from: start, limit: 500))
    }
}
let podBytes = pages.mapValues { $0.reduce(0) { $0 + $1.readableBytes } }
print("\(count) pods, \(megabytes(podBytes["all"] ?? 0)) MB of JSON in pages of 500")

// MARK: - Foundation

let sample = (pages["all"] ?? []).prefix(40).map { Data($0.readableBytesView) }
let sampleBytes = sample.reduce(0) { $0 + $1.count }
let serialization = measure { for page in sample { _ = try? JSONSerialization.jsonObject(with: page) } }
let decoder = measure { for page in sample { _ = try? JSONDecoder().decode(AnyJSON.self, from: page) } }
let foundation = max(rate(sampleBytes, serialization), rate(sampleBytes, decoder))
print("Foundation, the first \(megabytes(sampleBytes)) MB of it from memory, a page at a time:")
print("  JSONSerialization: \(rounded(rate(sampleBytes, serialization))) MB/s")
print("  JSONDecoder:       \(rounded(rate(sampleBytes, decoder))) MB/s")

// MARK: - The command

let server = try PageServer { [clusters, pages] target in
    let parts = target.split(separator: "?", maxSplits: 1)
    let steps = parts[0].split(separator: "/", maxSplits: 1).map(String.init)
    guard steps.count == 2, let cluster = clusters[steps[0]] else { return nil }
    if steps[1] == "version" { return ByteBuffer(string: #"{"major":"1","minor":"34","gitVersion":"v1.34.2"}"#) }
    if steps[1] == "api/v1/pods" {
        let query = parts.count > 1 ? parts[1].split(separator: "&") : []
        let start = query.first { $0.hasPrefix("continue=") }.flatMap { Int($0.dropFirst("continue=".count)) } ?? 0
        return pages[steps[0]]?[start / 500]
    }
    return cluster.items(of: "/" + steps[1]).map { items in
        ByteBuffer(string: #"{"metadata":{"resourceVersion":"1"},"items":["# + items.joined(separator: ",") + "]}")
    }
}

for (name, title) in [("few", "1,000 pods"), ("all", "\(count) pods")] {
    let kubeconfig = scratch.appending(path: name)
    try """
    current-context: lab
    contexts: [{name: lab, context: {cluster: lab, user: nobody}}]
    clusters: [{name: lab, cluster: {server: 'http://127.0.0.1:\(server.port)/\(name)'}}]
    users: [{name: nobody, user: {}}]
    """.write(to: kubeconfig, atomically: true, encoding: .utf8)
    try report("from the server, \(title)", ["--kubeconfig", kubeconfig.path], bytes: podBytes[name] ?? 0)
    let file = scratch.appending(path: "collected.triage").path
    let run = try TriageRun(
        ["collect", "hpa-missing-cpu-request", "-o", file, "--timeout", "600", "--kubeconfig", kubeconfig.path],
        scratch: scratch)
    print(
        "collected from the server, \(title): \(rounded(rate(podBytes[name] ?? 0, run.time))) MB/s, peak "
            + "\(megabytes(run.peakBytes)) MB, \(run.time)")
    try report("from what was collected, \(title)", ["--snapshot", file], bytes: podBytes[name] ?? 0)
    try? FileManager.default.removeItem(atPath: file)
}
for (name, title) in [("few", "1,000 pods"), ("all", "\(count) pods")] {
    guard let cluster = clusters[name] else { continue }
    let file = scratch.appending(path: "\(name).triage").path
    let bytes = try writeSnapshot(of: cluster, to: file)
    try report("from a snapshot, \(title)", ["--snapshot", file], bytes: bytes)
    try? FileManager.default.removeItem(atPath: file)
}

func report(_ title: String, _ arguments: [String], bytes: Int) throws {
    let run = try TriageRun(
        ["run", "hpa-missing-cpu-request", "-o", "json", "--timeout", "300"] + arguments, scratch: scratch)
    let speed = rate(bytes, run.time)
    print(
        "\(title): \(rounded(speed)) MB/s, \(rounded(speed / foundation)) times Foundation's, peak "
            + "\(megabytes(run.peakBytes)) MB, \(run.time)")
    guard run.confirmed == ["container-missing-cpu-request"] else {
        print("WRONG: the answer is \(run.confirmed), expected the container without a cpu request\n\(run.notes)")
        exit(1)
    }
}

/// The same cluster in a file; gives how many bytes of pods are in it before they are packed.
func writeSnapshot(of cluster: MadeUpCluster, to path: String) throws -> Int {
    let writer = try SnapshotWriter(path, catalogue: .builtIn)
    let pods = MadeUpPods(cluster: cluster)
    var bytes = 0
    func key(_ resource: String) -> Fact.Key {
        Fact.Key(collector: "kubernetes", parameters: ["resource": .string(resource)])
    }
    func add(_ resource: String) throws {
        try writer.add(
            Fact(
                key: key(resource),
                result: .success(.map(["resourceVersion": .string("1"), "namespace": .string("")])),
                provenance: Provenance(
                    collector: "kubernetes", source: "made up", collectedAt: Timestamp(seconds: 1_795_996_800),
                    duration: CEL.Duration(seconds: 0))))
    }
    for index in 0..<cluster.podCount {
        var pod: [UInt8] = []
        pods.append(index, to: &pod)
        bytes += pod.count
        try writer.append(pod, to: "items", of: key("pods"))
    }
    try add("pods")
    let others = [
        "horizontalpodautoscalers.autoscaling": "/apis/autoscaling/v2/horizontalpodautoscalers",
        "deployments.apps": "/apis/apps/v1/deployments", "replicasets.apps": "/apis/apps/v1/replicasets",
        "statefulsets.apps": "/apis/apps/v1/statefulsets", "limitranges": "/api/v1/limitranges",
    ]
    for (resource, list) in others {
        let items = cluster.items(of: list) ?? []
        for item in items { try writer.append(Array(item.utf8), to: "items", of: key(resource)) }
        guard items.isEmpty else {
            try add(resource)
            continue
        }
        try writer.add(
            Fact(
                key: key(resource),
                result: .success(
                    .map(["items": .list([]), "resourceVersion": .string("1"), "namespace": .string("")])),
                provenance: Provenance(
                    collector: "kubernetes", source: "made up", collectedAt: Timestamp(seconds: 1_795_996_800),
                    duration: CEL.Duration(seconds: 0))))
    }
    try writer.finish(subject: Snapshot.Subject(), now: Timestamp(seconds: 1_795_996_800), text: "")
    return bytes
}

func measure(_ body: () -> Void) -> Swift.Duration {
    (0..<2).map { _ in ContinuousClock().measure(body) }.min() ?? .zero
}

/// MB (10^6 bytes) in a second.
func rate(_ bytes: Int, _ time: Swift.Duration) -> Double { Double(bytes) / 1e6 / (time / .seconds(1)) }
func rounded(_ number: Double) -> String { String((number * 10).rounded() / 10) }
func megabytes(_ bytes: Int) -> Int { (bytes + 500_000) / 1_000_000 }

/// What a full decode makes of any JSON.
indirect enum AnyJSON: Decodable {
    case null
    case bool(Bool)
    case number(Double)
    case text(String)
    case list([AnyJSON])
    case map([String: AnyJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let map = try? container.decode([String: AnyJSON].self) {
            self = .map(map)
        } else if let list = try? container.decode([AnyJSON].self) {
            self = .list(list)
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Double.self) {
            self = .number(number)
        } else {
            self = .null
        }
    }
}
