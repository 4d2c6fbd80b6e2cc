// Times what a large library costs: `swift run -c release bench-library [COUNT]`.
//
// Writes COUNT playbooks (10,000 where nothing is said) and ten into temporary folders, loads them, and runs the
// `triage` beside this binary on both. `bench-library --write DIR COUNT` only writes them, `--load COUNT` is for profilers.
internal import CLibYAML
internal import Collectors
internal import Engine
internal import Foundation
internal import Glibc
internal import Libraries
internal import Playbooks

let arguments = CommandLine.arguments.dropFirst()
if arguments.first == "--write" {
    let folder = URL(filePath: arguments.dropFirst().first ?? "playbooks")
    try MadeUpPlaybook.write(arguments.dropFirst(2).first.flatMap { Int($0) } ?? 10_000, to: folder)
    exit(0)
}

let onlyLoads = arguments.first == "--load"
let count = arguments.dropFirst(onlyLoads ? 1 : 0).first.flatMap { Int($0) } ?? 10_000
let scratch = FileManager.default.temporaryDirectory.appending(path: "bench-library-\(getpid())")
let (few, many) = (scratch.appending(path: "few"), scratch.appending(path: "many"))

// MARK: - Loading all of it

let contents = (0..<count).map { number in
    PlaybookFiles.Content(file: "\(number).yaml", bytes: Array(MadeUpPlaybook(number: number).text.utf8))
}
let bytes = contents.reduce(0) { $0 + $1.bytes.count }
print("\(count) playbooks, \(bytes) bytes")

let libyaml = fastest { for content in contents { eventLoop(content.bytes) } }
print("libyaml, events only:      \(milliseconds(libyaml))")
let loader = Loader(catalogue: .builtIn)
// Keeps nothing, so that everything is read each time.
func shelf(
    digest: @escaping @Sendable ([[UInt8]]) -> String, symptomSearch: @escaping @Sendable ([PlaybookOutline]) -> [UInt8]
) -> IndexShelf {
    IndexShelf(
        digest: digest, read: { _ in nil }, write: { _, _ in }, file: { _ in nil }, symptomSearch: symptomSearch,
        time: { 0 }, program: "")
}
let plain = shelf(digest: { _ in "" }, symptomSearch: { _ in [] })
let whole = shelf(digest: IndexStore.digest, symptomSearch: SymptomIndex.bytes)
let ways: [(String, () -> PlaybookLibrary)] = [
    ("loaded, compiled when used", { PlaybookLibrary([contents], loader: loader, shelf: plain) }),
    ("the same, hashed, indexed ", { PlaybookLibrary([contents], loader: loader, shelf: whole) }),
    ("loaded, all of it compiled", { PlaybookLibrary([contents], loader: loader) }),
]
for (name, load) in onlyLoads ? Array(ways.prefix(1)) : ways {
    let loading = fastest {
        let library = load()
        precondition(library.problems.isEmpty && library.count == count, "\(library.problems.prefix(3))")
    }
    print("\(name): \(milliseconds(loading)), \(times(loading, libyaml)) libyaml's")
}

guard !onlyLoads else { exit(0) }

// MARK: - The command

defer { try? FileManager.default.removeItem(at: scratch) }
try MadeUpPlaybook.write(10, to: few)
try MadeUpPlaybook.write(count, to: many)
let binary = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "triage")
for (name, arguments) in [
    ("run NAME", ["run", MadeUpPlaybook(number: 7).name]),
    ("diagnose TEXT", ["diagnose", "worker: " + MadeUpPlaybook(number: 7).symptom]),
    ("diagnose, no match", ["diagnose", "nothing that anybody has ever heard of"]),
] {
    // The first run writes the index.
    let first = run(arguments, many)
    _ = run(arguments, few)
    var (short, long) = (Duration.seconds(100), Duration.seconds(100))
    for _ in 0..<15 {
        short = min(short, run(arguments, few))
        long = min(long, run(arguments, many))
    }
    print(
        "\(name): \(milliseconds(short)) with 10, \(milliseconds(long)) with \(count), \(times(long, short));"
            + " without an index \(milliseconds(first))")
}

func run(_ arguments: [String], _ folder: URL) -> Duration {
    // Foundation's `Process` waits in steps of 50 ms.
    let argv = [binary.path] + arguments + ["--offline", "--playbooks", folder.path]
    let environment = ["PATH=/usr/bin:/bin", "HOME=\(scratch.path)"]
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for descriptor: Int32 in 0...2 {
        unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
    }
    var pointers = unsafe argv.map { unsafe strdup($0) } + [nil]
    var variables = unsafe environment.map { unsafe strdup($0) } + [nil]
    defer { unsafe (pointers + variables).forEach { unsafe free($0) } }
    return ContinuousClock().measure {
        var process: pid_t = 0
        guard unsafe posix_spawn(&process, binary.path, &actions, nil, &pointers, &variables) == 0 else {
            fatalError("\(binary.path) cannot be run")
        }
        var status: Int32 = 0
        unsafe waitpid(process, &status, 0)
    }
}

func fastest(_ body: () -> Void) -> Duration {
    (0..<5).map { _ in ContinuousClock().measure(body) }.min() ?? .zero
}

func milliseconds(_ duration: Duration) -> String {
    duration.formatted(.units(allowed: [.milliseconds], fractionalPart: .show(length: 1)))
}

func times(_ one: Duration, _ other: Duration) -> String { "\((one / other * 100).rounded() / 100) times" }

/// What libyaml itself takes: every event, and nothing made of it.
func eventLoop(_ bytes: [UInt8]) {
    var parser = unsafe yaml_parser_t()
    guard unsafe yaml_parser_initialize(&parser) == 1 else { fatalError("out of memory") }
    defer { unsafe yaml_parser_delete(&parser) }
    unsafe bytes.withUnsafeBufferPointer { buffer in
        unsafe yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
        while true {
            var event = unsafe yaml_event_t()
            guard unsafe yaml_parser_parse(&parser, &event) == 1 else { fatalError("not YAML") }
            let isLast = unsafe event.type == YAML_STREAM_END_EVENT
            unsafe yaml_event_delete(&event)
            if isLast { return }
        }
    }
}
