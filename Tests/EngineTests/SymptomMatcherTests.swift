import CEL
import Playbooks
import Testing

@testable import Engine

@Suite struct SymptomMatcherTests {
    static let refused = playbook(
        "connection-refused",
        [
            .text("was refused - did you specify the right host or port?"),
            .regex(pattern(#"dial tcp (?P<address>[0-9.\[\]:]+): connect: connection refused"#)),
        ])
    static let unauthorized = playbook(
        "unauthorized",
        [
            .text("You must be logged in to the server"),
            .text("the server has asked for the client to provide credentials"),
            .regex(pattern(#"exec: executable (?P<plugin>\S+) (?:failed with exit code \d+|not found)"#)),
        ])
    static let swap = playbook(
        "swap-enabled",
        [
            .text("running with swap on is not supported"), .regex(pattern(#"\[(?:ERROR|WARNING) Swap\]"#)),
        ])
    static let etcd = playbook("etcd-cluster-id-mismatch", [.text("cluster ID mismatch")])
    static let all = [refused, unauthorized, swap, etcd]
    static let matcher = SymptomMatcher(all)

    private func names(_ text: String) -> [String] { Self.matcher.matches(in: text).map(\.playbook) }

    static let esc = "\u{1B}"

    @Test(arguments: [
        "running with swap on is not supported",
        "Running With SWAP on   is not\tsupported",
        "\(esc)[31mrunning with\(esc)[0m swap on is \(esc)]8;;http://x\u{07}not\(esc)]8;;\u{07} supported",
        "E1124 00:07:48.22 1 run.go:74] \"command failed\" err=\"failed to run Kubelet: running with swap on is not supported, please\"",
        #"{"log":"failed: running with swap on is not\nsupported","stream":"stderr"}"#,
        "2026-11-24T00:00:00Z stderr F running with swap on is not supported",
        "something long before it so that the terminal is full: running with sw\nap on is not supported",
        "something long before it so that the terminal is full: running with\nswap on is not supported",
        "> something long before it, quoted in a mail or a chat: running with\n> swap on is not supported",
        "│ Error: the provider said that running with\n│ swap on is not supported",
        "running with swap\u{A0}on is \u{2018}not\u{2019} supported",
        "running with swap on is not supported\r\n",
    ])
    func `a literal is found however a terminal, a log or a chat has changed it`(text: String) {
        #expect(names(text) == ["swap-enabled"])
    }

    @Test(arguments: [
        "running with swapon is not supported",
        "running with swap on is not sup ported",
        "running with swap on\n\nis not supported",
        "running with swap on is supported",
        "",
        "\u{1B}[",
        "\\",
        "running with swap on is not",
    ])
    func `a near miss is not found`(text: String) {
        #expect(names(text).isEmpty)
    }

    @Test(arguments: [
        "dial tcp 127.0.0.1:8080: connect: connection refused",
        #"err="couldn't get: Get \"http://localhost:8080/api\": dial tcp 127.0.0.1:8080: connect: connection refused""#,
        "Get \"http://localhost:8080/api?timeout=32s\": dial tcp 127.0.0.\n1:8080: connect: connection refused",
        "\u{1B}[1mdial tcp\u{1B}[0m 127.0.0.1:8080: connect: connection refused",
    ])
    func `a pattern's groups are caught from cleaned and joined lines`(text: String) throws {
        let match = try #require(Self.matcher.matches(in: text).first)
        #expect(match.playbook == "connection-refused")
        #expect(match.groups == ["address": "127.0.0.1:8080"])
    }

    @Test func `an absent group is absent`() throws {
        let match = try #require(Self.matcher.matches(in: "You must be logged in to the server (Unauthorized)").first)
        #expect(match.groups.isEmpty)
    }

    @Test func `the program's last word outranks the log lines before it`() throws {
        let text = """
            E1124 00:09:32.082707   26451 memcache.go:265] "Unhandled Error" err="couldn't get current server API group list: the server has asked for the client to provide credentials"
            E1124 00:09:32.082707   26451 memcache.go:265] "Unhandled Error" err="dial tcp 127.0.0.1:8080: connect: connection refused"
            E1124 00:09:32.082707   26451 memcache.go:265] "Unhandled Error" err="dial tcp 127.0.0.1:8080: connect: connection refused"
            error: You must be logged in to the server (Unauthorized)
            """
        let matches = Self.matcher.matches(in: text)
        #expect(matches.map(\.playbook) == ["unauthorized", "connection-refused"])
        #expect(matches[0].line == 4)
        #expect(matches[0].text == "error: You must be logged in to the server (Unauthorized)")
        #expect(matches[1].line == 2)
        #expect(matches[1].count == 2)
    }

    @Test func `several errors in one paste are told apart, each with its line`() {
        let text = """
            $ kubectl get nodes
            The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?
            $ kubeadm init
            \t[WARNING Swap]: swap is supported for cgroup v2 only.
            """
        let matches = Self.matcher.matches(in: text).map { "\($0.playbook):\($0.line)" }
        #expect(Set(matches) == ["connection-refused:2", "swap-enabled:4"])
    }

    @Test func `unrelated lines are not joined to one message`() {
        let text = """
            a line that is much longer than the others because it says a lot of things about executables: exec: executable
            aws not found
            E1124 00:09:32.082707 1 x.go:1] exec: executable
            aws not found
            """
        // The first is what a terminal makes of one long line; the second begins a message of its own.
        #expect(Self.matcher.matches(in: text).first?.line == 1)
        let headers =
            "exec: executable aws " + String(repeating: "x", count: 60) + "\nE1124 00:09:32.0 1 x.go:1] not found"
        #expect(names(headers).isEmpty)
    }

    @Test func `a log of many lines is counted, and its last word still counts`() throws {
        let noise = String(repeating: "I1124 00:00:00.0 1 a.go:1] cluster ID mismatch\n", count: 500)
        let match = try #require(Self.matcher.matches(in: noise + "etcdserver: cluster ID mismatch").first)
        #expect(match.line == 501)
        #expect(match.text == "etcdserver: cluster ID mismatch")
    }

    @Test(arguments: [0, 1, 40, 70, 99, 120])
    func `a long text is read at two places and nothing is lost where they meet`(shift: Int) throws {
        let filler = String(repeating: "I1124 00:00:00.0 1 a.go:1] all is well and nobody is refused\n", count: 3000)
        let half = filler.utf8.count / 2
        let before = String(filler.prefix(half - 100 + shift))
        let text = before + "\nfailed: running with swap on is\nnot supported, please\n" + filler.suffix(half)
        let match = try #require(Self.matcher.matches(in: text).first)
        #expect(match.playbook == "swap-enabled")
        #expect(match.line == before.split(separator: "\n", omittingEmptySubsequences: false).count + 1)
        #expect(match.count == 1)
    }

    @Test(arguments: [
        ("you are not logged in to the server, please provide credentials", ["unauthorized"]),
        ("swap is running on the node, which is not supported", ["swap-enabled"]),
        ("NAME   STATUS   AGE\ndefault   Active   32s", []), ("the server did not", []), ("", []),
    ])
    func `a near miss suggests the nearest playbook`(text: String, nearest: [String]) {
        #expect(PlaybookLibrary(of: Self.all).nearestPlaybooks(to: text) == nearest)
    }

    @Test func `any bytes are searched without a crash`() {
        var state: UInt64 = 42
        let alphabet = Array(
            "running with swap on is not supported\\u001b[31m\n\"'\u{1B}[]\u{A0}\u{2018}\u{2502}> |dial tcp 1:2: connect: connection refused{}"
                .unicodeScalars)
        for length in 0..<400 {
            var text = ""
            for _ in 0..<length {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.unicodeScalars.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            _ = Self.matcher.matches(in: text)
        }
    }

    @Test(arguments: [
        (#"connection refused"#, ["connectionrefused"]),
        (#"dial tcp (\S+): connect"#, [":connect"]),
        (#"(?i)Foo\s+Barbaz"#, ["foobarbaz"]),
        (#"(?:abcdef|ghijkl) x"#, ["abcdef", "ghijkl"]),
        (#"first one|second one"#, ["firstone", "secondone"]),
        (#"colou?r of it"#, ["rofit"]),
        (#"abcde{0,3}fgh"#, ["abcd"]),
        (#"\[(ERROR|WARNING) Swap\]"#, ["swap]"]),
        (#"exit code \d+"#, ["exitcode"]),
        // A run that many lines have is no better than a choice of which each is rare.
        (#"https?://\S+/(?:api|apis)[^\n]*: (?:timed out|handshake timeout)"#, ["timedout", "handshaketimeout"]),
        (#"(?:user|cluster) "[^"]+" (?:does not exist|was not found)"#, ["doesnotexist", "wasnotfound"]),
    ])
    func `what a pattern spells out must occur wherever it matches`(pattern: String, needles: [String]) {
        #expect(PatternLiterals(pattern).needles?.map { String(decoding: $0, as: UTF8.self) } == needles)
    }

    @Test(arguments: [#".*"#, #"\d+ (a|b)"#, #"x?y?z?"#, #"longtext|[0-9]+"#, #"\Qabcdef\E"#, #"\pLabcdef"#])
    func `of a pattern that spells nothing out nothing is claimed`(pattern: String) {
        #expect(PatternLiterals(pattern).needles == nil)
    }

    @Test func `a pattern that spells nothing out is still found`() {
        let matcher = SymptomMatcher([playbook("codes", [.regex(pattern(#"\b(?P<code>4\d\d)\b"#))])])
        let match = matcher.matches(in: "ok\nHTTP 401\n").first
        #expect(match?.line == 2)
        #expect(match?.groups == ["code": "401"])
    }
}

func pattern(_ source: String) -> Pattern {
    do { return try Pattern(source) } catch { preconditionFailure("\(source): \(error)") }
}

func playbook(_ name: String, _ symptoms: [Symptom]) -> Playbook {
    Playbook(
        name: name, title: name, version: "1.0.0", severity: .error, tags: [], references: [], symptoms: symptoms,
        inputs: [], facts: [], definitions: [], causes: [], remedies: [], file: "\(name).yaml")
}
