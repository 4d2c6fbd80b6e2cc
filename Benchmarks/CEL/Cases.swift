import CEL

extension Benchmark {
    static let all: [Benchmark] = [
        Benchmark(
            name: "scalars", source: "x > 5 && y == \"abc\"", types: ["x": .int, "y": .string],
            variables: ["x": .int(7), "y": .string("abc")], reference: 233),
        Benchmark(
            name: "nested maps", source: "facts.swap.total > 0 && facts.kubelet.failSwapOn != false",
            types: ["facts": .dyn],
            variables: [
                "facts": .map(["swap": .map(["total": .int(1024)]), "kubelet": .map(["failSwapOn": .bool(true)])])
            ],
            reference: 348),
        Benchmark(
            name: "pods × containers",
            source: """
                pods.exists(p, p.spec.containers.exists(c, \
                !has(c.resources.requests) || !("cpu" in c.resources.requests)))
                """,
            types: ["pods": .list(.dyn)], variables: ["pods": pods], reference: 523_000),
        Benchmark(
            name: "matches", source: "s.matches(\"(?i)cluster id mismatch.*local=([0-9a-f]+)\")",
            types: ["s": .string], variables: ["s": .string(line)], reference: 6900),
        join(200, reference: 53_000_000),
        join(2000),
        join(20_000),
        Benchmark(
            name: "split", source: "a.startsWith(\"arn:aws:eks:\") && a.split(\":\").size() == 6",
            types: ["a": .string], variables: ["a": .string("arn:aws:eks:eu-west-1:123456789012:cluster/production")],
            reference: 880),
    ]

    private static func container(_ name: String) -> Value {
        .map([
            "name": .string(name), "image": .string("registry.example/app:1.2"),
            "resources": .map([
                "requests": .map(["cpu": .string("100m"), "memory": .string("64Mi")]),
                "limits": .map(["memory": .string("128Mi")]),
            ]),
        ])
    }

    private static var pods: Value {
        .list(
            List(
                (0..<100).map { index in
                    .map([
                        "metadata": .map(["name": .string("pod-\(index)"), "namespace": .string("default")]),
                        "spec": .map(["containers": .list([container("app"), container("sidecar")])]),
                    ])
                }))
    }

    private static var line: String {
        let message =
            "2026-11-24 08:00:00.123456 E | rafthttp: request cluster ID mismatch (got cafe0123 want beef4567), "
        return message + String(repeating: "x", count: 200 - message.utf8.count)
    }

    private static func join(_ count: Int, reference: Double? = nil) -> Benchmark {
        let deployments = (0..<count).map { index in
            Value.map([
                "metadata": .map(["name": .string("deployment-\(index)")]),
                "spec": .map(["template": .map(["spec": .map(["containers": .list([container("app")])])])]),
            ])
        }
        let hpas = (0..<count).map { index in
            Value.map([
                "metadata": .map(["name": .string("hpa-\(index)")]),
                "spec": .map(["scaleTargetRef": .map(["name": .string("deployment-\((index * 7 + 3) % count)")])]),
            ])
        }
        return Benchmark(
            name: "join \(count) × \(count)",
            source: """
                hpas.filter(h, deployments.exists(d, d.metadata.name == h.spec.scaleTargetRef.name && \
                d.spec.template.spec.containers.exists(c, !("cpu" in c.resources.requests)))).size()
                """,
            types: ["hpas": .list(.dyn), "deployments": .list(.dyn)],
            variables: ["hpas": .list(List(hpas)), "deployments": .list(List(deployments))], reference: reference)
    }
}
