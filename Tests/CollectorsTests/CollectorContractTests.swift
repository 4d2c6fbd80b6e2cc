import CEL
import Facts
import TestSupport
import Testing

@testable import Collectors

/// What every collector promises, in worlds that show it nothing, too little, or never an answer.
@Suite struct CollectorContractTests {
    /// Says no to everything.
    private struct DenyingWorld: Effects {
        let unknown = Unknown(.denied, "not for you")

        func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] { throw unknown }
        func status(of path: String) async throws(Unknown) -> FileStatus { throw unknown }
        func list(_ directory: String) async throws(Unknown) -> [String] { throw unknown }
        func run(_ command: Command) async throws(Unknown) -> CommandOutput { throw unknown }
        func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { throw unknown }
        func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
            ConnectionReport(failedAt: .connecting("denied"))
        }
    }

    /// Answers nothing until it is given up.
    private struct SilentWorld: Effects {
        func wait() async throws(Unknown) -> Never {
            while !Task.isCancelled { await Task.yield() }
            throw Unknown(.timedOut, "given up")
        }
        func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] { try await wait() }
        func status(of path: String) async throws(Unknown) -> FileStatus { try await wait() }
        func list(_ directory: String) async throws(Unknown) -> [String] { try await wait() }
        func run(_ command: Command) async throws(Unknown) -> CommandOutput { try await wait() }
        func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse { try await wait() }
        func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
            while !Task.isCancelled { await Task.yield() }
            return ConnectionReport(failedAt: .connecting("timedOut"))
        }
    }

    private static let kubeconfig = """
        apiVersion: v1
        kind: Config
        current-context: lab
        contexts: [{name: lab, context: {cluster: lab, user: jane}}]
        users: [{name: jane, user: {token: s3cr3t-opaque-token}}]
        clusters: [{name: lab, cluster: {server: "https://10.0.0.1:6443"}}]
        """

    /// Each kind of world by name.
    private static var worlds: [(name: String, effects: any Effects)] {
        [
            ("empty", MadeUpWorld()),
            ("a kubeconfig and no network", MadeUpWorld(files: ["/root/.kube/config": kubeconfig])),
            ("offline", OfflineEffects(files: MadeUpWorld(files: ["/root/.kube/config": kubeconfig]))),
            ("denying", DenyingWorld()),
        ]
    }

    /// Something for each parameter that must be given.
    private func parameters(_ declaration: Declaration) -> [String: Value] {
        var values: [String: Value] = [:]
        for parameter in declaration.parameters where parameter.isRequired {
            values[parameter.name] =
                switch parameter.type {
                case .list: .list([.string("true")])
                case .int: .int(1)
                case .bool: .bool(true)
                default: .string(parameter.name == "resource" ? "pods" : "/x")
                }
        }
        return values
    }

    @Test(arguments: Catalogue.builtIn.names)
    func `gives what it declares, or the reason why not`(name: String) async throws {
        let collector = try #require(Catalogue.builtIn[name])
        for world in Self.worlds {
            let surroundings = Surroundings(now: recordedAt, effects: world.effects, permissions: .all)
            do throws(Unknown) {
                let observation = try await collector.collect(parameters(collector.declaration), in: surroundings)
                expectFits(observation.value, collector.declaration.returns, "\(name) in a world that is \(world.name)")
                for (path, words) in collector.declaration.words {
                    let texts = texts(at: path.split(separator: ".").map(String.init)[...], in: observation.value)
                    #expect(Set(texts).isSubset(of: words), "\(name) in a world that is \(world.name): \(path)")
                }
                #expect(!observation.source.isEmpty)
                #expect(!"\(observation)".contains("s3cr3t"))
            } catch {
                #expect(!error.detail.isEmpty, "\(name) in a world that is \(world.name)")
                #expect(!"\(error)".contains("s3cr3t"))
            }
        }
    }

    @Test(arguments: Catalogue.builtIn.names)
    func `returns soon after it is cancelled`(name: String) async throws {
        let collector = try #require(Catalogue.builtIn[name])
        let surroundings = Surroundings(now: recordedAt, effects: SilentWorld(), permissions: .all)
        let parameters = parameters(collector.declaration)
        let work = Task { try? await collector.collect(parameters, in: surroundings) }
        work.cancel()
        _ = await work.value
    }

    @Test func `declarations say what people need`() {
        var names: Set<String> = []
        for collector in Catalogue.builtIn.collectors {
            let declaration = collector.declaration
            #expect(names.insert(declaration.name).inserted, "\(declaration.name) is there twice")
            #expect(declaration.summary.hasSuffix("."), "\(declaration.name)")
            for path in declaration.fields.keys {
                #expect(
                    exists(path, in: declaration.returns), "\(declaration.name) explains \(path), which is not there")
            }
            for path in declaration.words.keys {
                #expect(exists(path, in: declaration.returns), "\(declaration.name) has words for \(path)")
            }
        }
    }

    /// The texts at a path; lists are passed through.
    private func texts(at path: ArraySlice<String>, in value: Value) -> [String] {
        switch value {
        case .list(let list): list.flatMap { texts(at: path, in: $0) }
        case .map(let map): path.first.flatMap { map[$0] }.map { texts(at: path.dropFirst(), in: $0) } ?? []
        case .string(let text): path.isEmpty ? [text] : []
        default: []
        }
    }

    /// Lists are passed through: `items.name`.
    private func exists(_ path: String, in type: ValueType) -> Bool {
        path.split(separator: ".").reduce(type as ValueType?) { type, name in
            var type = type
            while case .list(let element) = type { type = element }
            switch type {
            case .object(let fields): return fields[String(name)]
            case .map(_, let element): return element
            case .dyn: return .dyn
            default: return nil
            }
        } != nil
    }
}
