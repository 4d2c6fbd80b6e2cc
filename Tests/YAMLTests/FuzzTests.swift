import Testing
import YAML

/// Texts that nobody would write: none may crash the reader, hang it, or get around a limit.
@Suite struct FuzzTests {
    private static let limits = Limits(bytes: 4000, depth: 12, nodes: 300, aliases: 10, scalarBytes: 500)

    /// Made up, with what kubeconfigs, playbooks and lists of objects are full of.
    private static let seeds: [String] = [
        """
        apiVersion: v1
        kind: Config
        current-context: lab
        clusters:
        - name: lab
          cluster: {server: "https://127.0.0.1:6443", insecure-skip-tls-verify: true}
        users:
        - name: dev
          user:
            exec: {apiVersion: client.authentication.k8s.io/v1, command: get-token, args: [--cluster, "lab"]}
            token: 'it''s made up'   # not a secret
        contexts: [{name: lab, context: {cluster: lab, user: dev, namespace: default}}]
        """,
        """
        %YAML 1.2
        %TAG !e! tag:example.org,2026:
        --- !e!playbook
        metadata: &meta
          name: swap-enabled
          title: "The kubelet \\u00e9 refuses\\
            to run"
        copy: *meta
        text: |2-
            indented
           more

        folded: >+
          one
          two

        ? [complex, {key: 1}]
        : - 0x1F
          - 1e3
          - .inf
          - ~
        ...
        ---
        second: "ключ 🙂"
        """,
        "a: &x [1, 2]\nb: [*x, *x]\nc: {<<: {d: 1}, e: *x}\r\nf:\r\n  - - - g\r\n",
        "- |\n a\n\n b\n- >-\n c\n d\n- 'e\n  f'\n- \"g\\n\n  h\"\n- i\n  j\n",
    ]

    /// What a mutation puts in: YAML's own signs, and bytes that it forbids.
    private static let pieces: [[UInt8]] =
        [
            "- ", ": ", "? ", "[", "]", "{", "}", ",", "&a ", "*a", "!!int ", "!", "|", ">", "|2+\n", "'", "\"", "#",
            " #", "%", "%YAML 1.2\n", "---\n", "...\n", "\n", "\r", "\r\n", "\t", "  ", "\\", "\\u", "@", "`", "~",
            "<<: ", "0x", "\u{FEFF}", "\u{2028}", "é", "🙂", "\u{85}",
        ].map { Array($0.utf8) } + [[0], [0x1B], [0xFF], [0xC3], [0xF0, 0x9F], [0xED, 0xA0, 0x80], [0xFF, 0xFE]]

    /// SplitMix64: the same cases in each run.
    private struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    private static var texts: [[UInt8]] { (seeds + Suite.cases.map(\.yaml)).map { Array($0.utf8) } }

    private static func mutated(_ text: [UInt8], with random: inout Generator) -> [UInt8] {
        var text = text
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...text.count, using: &random)
            let end = min(text.count, place + Int.random(in: 0...6, using: &random))
            switch Int.random(in: 0..<7, using: &random) {
            case 0: text.removeSubrange(place...)
            case 1: text.removeSubrange(place..<end)
            case 2: text.insert(contentsOf: text[place..<end], at: place)
            case 3: text.insert(UInt8.random(in: 0...255, using: &random), at: place)
            case 4: text.replaceSubrange(place..<end, with: pieces.randomElement(using: &random) ?? [])
            default: text.insert(contentsOf: pieces.randomElement(using: &random) ?? [], at: place)
            }
        }
        return text
    }

    /// What must be true of any answer.
    private func check(_ bytes: [UInt8], _ limits: Limits = limits) {
        let result = parse(bytes, limits: limits)
        // Places in UTF-16 are those of the same text in UTF-8.
        let mostBytes = bytes.count * 3 + 3
        for error in result.errors {
            guard error.mark.offset <= mostBytes, error.mark.line >= 1, error.mark.column >= 1, !error.message.isEmpty
            else {
                Issue.record("\(error) in \(bytes)")
                return
            }
        }
        guard result.errors == result.errors.sorted(by: { $0.mark < $1.mark }) else {
            Issue.record("errors out of order in \(bytes)")
            return
        }
        for document in result.documents {
            guard let (nodes, depth) = measure(document, mostBytes), nodes <= limits.nodes, depth <= limits.depth else {
                Issue.record("a document beyond the limits or with a bad place, from \(bytes)")
                return
            }
        }
    }

    /// Nodes and levels of a tree; `nil` where a node does not lie within its text, or ends before it starts.
    private func measure(_ node: Node, _ mostBytes: Int) -> (nodes: Int, depth: Int)? {
        struct Misplaced: Error {}
        func checked(_ node: Node) throws(Misplaced) {
            guard node.span.start <= node.span.end, node.span.end.offset <= mostBytes else { throw Misplaced() }
        }
        return try? node.fold(
            scalar: { node, _ throws(Misplaced) in
                try checked(node)
                return (1, 0)
            },
            list: { node, items throws(Misplaced) in
                try checked(node)
                return (items.reduce(1) { $0 + $1.0 }, 1 + (items.map(\.1).max() ?? 0))
            },
            map: { node, pairs throws(Misplaced) in
                try checked(node)
                let parts = pairs.flatMap { [$0.key, $0.value] }
                return (parts.reduce(1) { $0 + $1.0 }, 1 + (parts.map(\.1).max() ?? 0))
            })
    }

    @Test(arguments: 0..<8)
    func `no mutation gets around the rules`(seed: Int) {
        var random = Generator(state: UInt64(seed))
        let texts = Self.texts
        for _ in 0..<7500 {
            check(Self.mutated(texts.randomElement(using: &random) ?? [], with: &random))
        }
    }

    @Test func `a text may break off anywhere`() {
        for text in Self.texts where text.count < 3000 {
            for end in text.indices { check(Array(text[..<end])) }
        }
    }

    @Test(arguments: 100..<104)
    func `any bytes are answered`(seed: Int) {
        var random = Generator(state: UInt64(seed))
        for _ in 0..<6000 {
            check((0..<Int.random(in: 0...60, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
    }

    @Test(arguments: 200..<204)
    func `any sequence of YAML's own signs is answered`(seed: Int) {
        var random = Generator(state: UInt64(seed))
        for _ in 0..<6000 {
            let count = Int.random(in: 0...40, using: &random)
            check((0..<count).flatMap { _ in Self.pieces.randomElement(using: &random) ?? [] })
        }
    }

    @Test(arguments: 300..<302)
    func `repeating anything does not hang`(seed: Int) {
        var random = Generator(state: UInt64(seed))
        for _ in 0..<40 {
            let unit = (0..<Int.random(in: 1...4, using: &random)).flatMap { _ in
                Self.pieces.randomElement(using: &random) ?? []
            }
            check(Array(repeatElement(unit, count: 20_000).joined().prefix(40_000)), .playbook)
        }
    }
}
