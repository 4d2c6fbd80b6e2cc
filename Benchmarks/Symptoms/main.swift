// Times the search for symptoms beside ripgrep: `swift run -c release bench-symptoms [MEGABYTES]`.
//
// Both search the same made-up log for the same patterns: those of the built-in playbooks, then 2,000 made-up ones.
// Ours also forgives case, line wraps, colours and escapes, which ripgrep does not.
internal import Engine
internal import Facts
internal import Foundation
internal import Glibc
internal import Playbooks
internal import YAML

let megabytes = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 100
let scratch = FileManager.default.temporaryDirectory.appending(path: "bench-symptoms-\(getpid())")
try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: scratch) }

let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
let folder = root.appending(path: "playbooks")
let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }.sorted()
let builtIn = try names.map { name in
    outline(name, symptoms(in: Array(try Data(contentsOf: folder.appending(path: name)))))
}
let madeUp = MadeUpSymptoms.outlines(2000).enumerated().map { outline("made-up-\($0)", [$1]) }

for (name, outlines) in [("the built-in patterns", builtIn), ("2,000 made-up patterns", madeUp)] {
    let symptoms = outlines.flatMap(\.symptoms)
    let literals = symptoms.filter { $0.kind == .text }.map(\.source)
    var log = MadeUpLog(hits: Array(literals.prefix(40)))
    let file = scratch.appending(path: "log")
    try Data(log.bytes(megabytes << 20)).write(to: file)
    let patterns = scratch.appending(path: "patterns")
    try Data(symptoms.map { escaped($0) + "\n" }.joined().utf8).write(to: patterns)

    var found = 0
    let building = fastest { _ = SymptomMatcher(outlines) }
    let ours = fastest {
        let text = String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
        found = SymptomMatcher(outlines).matches(in: text).count
    }
    let arguments = ["-c", "--no-config", "-f", patterns.path, file.path]
    let single = fastest { run(["-j1"] + arguments) }
    let standard = fastest { run(arguments) }
    print("\(megabytes) MB, \(symptoms.count) symptoms (\(name)): \(found) playbooks found")
    print("  triage    \(milliseconds(ours)), \(milliseconds(building)) of it to build the search")
    print("  rg -j1    \(milliseconds(single)), \(times(single, ours)) ours")
    print("  rg        \(milliseconds(standard)), \(times(standard, ours)) ours")
}

/// A playbook of which nothing but the symptoms counts.
func outline(_ name: String, _ symptoms: [PlaybookOutline.Symptom]) -> PlaybookOutline {
    let loaded = Loader(catalogue: Catalogue([])).load(Array(newPlaybookText(name: "some").utf8), file: name)
    guard let playbook = loaded.playbooks.first else { fatalError("a new playbook does not load") }
    var outline = PlaybookOutline(playbook)
    outline.name = name
    outline.symptoms = symptoms
    return outline
}

/// Those of a playbook's text; what its facts are needs no collectors here.
func symptoms(in text: [UInt8]) -> [PlaybookOutline.Symptom] {
    YAML.parse(text, limits: .playbook).documents.flatMap { document in
        (Mapping(document)?.mapping("spec")?.elements("symptoms") ?? []).compactMap { node in
            let symptom = Mapping(node)
            return symptom?.text("text").map { PlaybookOutline.Symptom(kind: .text, source: $0) }
                ?? symptom?.text("regex").map { PlaybookOutline.Symptom(kind: .regex, source: $0) }
        }
    }
}

/// The pattern as ripgrep reads it, which makes one of all: flags stay in their own, groups have no names, and a
/// backslash stands only before what has a meaning (older ones refuse others).
func escaped(_ symptom: PlaybookOutline.Symptom) -> String {
    let meaningful = Set(#"\.+*?()|[]{}^$#&-~"#)
    guard symptom.kind == .regex else {
        return symptom.source.map { meaningful.contains($0) ? "\\\($0)" : String($0) }.joined()
    }
    var pattern = ""
    var rest = symptom.source[...]
    while let character = rest.popFirst() {
        guard character == "\\", let next = rest.popFirst() else {
            pattern.append(character)
            continue
        }
        if next.isLetter || next.isNumber || meaningful.contains(next) { pattern.append(character) }
        pattern.append(next)
    }
    return "(?:" + pattern.replacing(/\(\?P<\w+>/, with: "(?:") + ")"
}

func run(_ arguments: [String]) {
    var pointers = unsafe (["rg"] + arguments).map { unsafe strdup($0) } + [nil]
    defer { unsafe pointers.forEach { unsafe free($0) } }
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...1 {
        unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var process: pid_t = 0
    guard unsafe posix_spawnp(&process, "rg", &actions, nil, &pointers, environ) == 0 else {
        fatalError("ripgrep is not installed")
    }
    var status: Int32 = 0
    unsafe waitpid(process, &status, 0)
    guard status >> 8 & 0xFF < 2 else { fatalError("rg \(arguments) fails") }
}

func fastest(_ body: () -> Void) -> Duration {
    (0..<5).map { _ in ContinuousClock().measure(body) }.min() ?? .zero
}

func milliseconds(_ duration: Duration) -> String {
    duration.formatted(.units(allowed: [.milliseconds], fractionalPart: .show(length: 1)))
}

func times(_ one: Duration, _ other: Duration) -> String { "\((one / other * 100).rounded() / 100) times" }
