// Times the evaluation and compilation of typical conditions: `swift run -c release bench`.
// "check" is what cel-go calls compiling; "compile" makes a program as well, with its patterns.
// An argument is a part of the names of those to run.
import CEL

struct Benchmark {
    var name: String
    var source: String
    var types: [String: ValueType]
    var variables: Map
    /// What the reference implementation (cel-go 0.26) needs on such a machine, in nanoseconds.
    var reference: Double?
}

/// The time for one call in the fastest of many batches, in nanoseconds: what others do on the machine adds to the rest.
func measure(_ body: () -> Void) -> Double {
    let clock = ContinuousClock()
    var batch = 1
    while clock.measure({ for _ in 0..<batch { body() } }) < .milliseconds(5) { batch *= 2 }
    var times: [Double] = []
    let start = clock.now
    while times.count < 15 || (clock.now - start < .milliseconds(600) && times.count < 200) {
        let time = clock.measure { for _ in 0..<batch { body() } }
        times.append(Double(time.components.attoseconds) / 1e9 + Double(time.components.seconds) * 1e9)
        if clock.now - start > .seconds(8) { break }
    }
    return (times.min() ?? 0) / Double(batch)
}

func text(_ nanoseconds: Double) -> String {
    let (number, unit) =
        nanoseconds < 1000
        ? (nanoseconds, "ns") : nanoseconds < 1e6 ? (nanoseconds / 1e3, "µs") : (nanoseconds / 1e6, "ms")
    return "\((number * 10).rounded() / 10) \(unit)"
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

// `--profile` evaluates one benchmark for ten seconds, for a profiler to look at; `--evaluations=N` evaluates it N times,
// for a tool that counts instructions: the difference of two runs is what the evaluations took.
let isProfiling = CommandLine.arguments.contains("--profile")
let evaluations = CommandLine.arguments.lazy.filter { $0.hasPrefix("--evaluations=") }
    .compactMap { Int($0.dropFirst("--evaluations=".count)) }.first
print("a value takes \(MemoryLayout<Value>.size) bytes")
let filters = CommandLine.arguments.dropFirst().filter { !$0.hasPrefix("--") }
print(padded("", 30), padded("evaluate", 11), padded("cel-go", 11), padded("times", 7), padded("check", 11), "compile")
for benchmark in Benchmark.all where filters.isEmpty || filters.contains(where: { benchmark.name.contains($0) }) {
    let environment = Environment(variables: benchmark.types)
    let program = try environment.compile(benchmark.source)
    let result = program.evaluate(benchmark.variables, budget: .max)
    if case .error(let error) = result.value { fatalError("\(benchmark.name): \(error.message)") }
    if let evaluations {
        for _ in 0..<evaluations { _ = program.evaluate(benchmark.variables, budget: .max) }
        continue
    }
    if isProfiling {
        let end = ContinuousClock().now + .seconds(10)
        while ContinuousClock().now < end {
            for _ in 0..<100 { _ = program.evaluate(benchmark.variables, budget: .max) }
        }
        continue
    }
    let evaluate = measure { _ = program.evaluate(benchmark.variables, budget: .max) }
    let check = measure { _ = try? environment.resultType(of: benchmark.source) }
    let compile = measure { _ = try? environment.compile(benchmark.source) }
    let times = benchmark.reference.map { "\(($0 / evaluate * 10).rounded() / 10)×" } ?? ""
    print(
        padded(benchmark.name, 30), padded(text(evaluate), 11), padded(benchmark.reference.map(text) ?? "", 11),
        padded(times, 7), padded(text(check), 11), text(compile), " =", result.value)
}
