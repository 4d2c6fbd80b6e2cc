internal import ArgumentParser
internal import CEL
internal import Engine
internal import Facts
internal import Playbooks
internal import Reports
internal import YAML

/// Tries a condition.
struct Eval: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Try a CEL expression on facts.",
        discussion: """
            Without --facts, facts.<collector>.<field> is collected now (or read from --snapshot), as far as the \
            expression reads it. With --facts, the file's top-level keys are variables, and 'facts' is all of it.
            Exit codes: 0 there is a value, 2 it is unknown, 3 the expression is wrong or failed.
            """)

    @Argument(help: "The expression.") var expression: String
    @Option(help: ArgumentHelp("A YAML or JSON file of facts.", valueName: "file")) var facts: String?
    @Flag(help: "Lay out the value of every part.") var explain = false
    @Flag(help: "Print the deduced type.") var type = false
    @Flag(help: "Print what the evaluation cost, in Kubernetes' units, and what it may cost.") var cost = false
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let session = Session(options)
        let scope = try await scope(session)
        let program: Program
        do {
            program = try Environment(variables: scope.types).compile(expression)
        } catch {
            for issue in error.issues { session.output.note(text(of: issue)) }
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let variables = try await scope.variables(program)
        session.output.endProgress()
        let explanation = explain ? program.explain(variables) : nil
        let evaluation = explanation?.result ?? program.evaluate(variables)
        var lines: [String] = []
        if let explanation { lines += layout(explanation) }
        lines.append(resultText(of: evaluation.value))
        if type { lines.append("type: \(program.resultType)") }
        if cost { lines += ["cost: \(evaluation.cost)", "estimate: \(text(of: program.ordinaryCost))"] }
        session.output.result(escapingControlCharacters(lines.joined(separator: "\n")) + "\n")
        switch evaluation.value {
        case .unknown: throw ArgumentParser.ExitCode(Engine.ExitCode.undetermined.rawValue)
        case .error: throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        default: break
        }
    }

    private struct EvaluationScope {
        var types: [String: ValueType]
        var variables: (Program) async throws -> [String: Value]
    }

    private func scope(_ session: Session) async throws -> EvaluationScope {
        let now = options.now.flatMap { Timestamp(rfc3339: $0) } ?? currentTime()
        guard let path = facts else { return liveScope(session, now: now) }
        let result = YAML.parse(try session.readInput(path), limits: .kubeconfig)
        for error in result.errors {
            session.output.note("\(path):\(error.mark.line):\(error.mark.column): \(error.message)")
        }
        guard result.errors.isEmpty, let node = result.documents.first else {
            throw ArgumentParser.ExitCode(Engine.ExitCode.badInput.rawValue)
        }
        let value = value(of: node)
        var variables: [String: Value] = ["facts": value, "now": .timestamp(now)]
        if case .map(let map) = value {
            for entry in map.entries {
                guard case .string(let name) = entry.key else { continue }
                variables[name] = entry.value
            }
        }
        var types = variables.mapValues { _ in ValueType.dyn }
        types["now"] = .timestamp
        return EvaluationScope(types: types) { _ in variables }
    }

    /// Every collector that needs no parameters, under its dotted name; only those that the expression reads are asked.
    private func liveScope(_ session: Session, now: Timestamp) -> EvaluationScope {
        let collectors = session.catalogue.collectors.map(\.declaration).filter {
            $0.parameters.allSatisfy { !$0.isRequired }
        }
        let tree = collectors.reduce(ValueType.object([:])) { tree, declaration in
            tree.adding(declaration.returns, at: declaration.name.split(separator: ".").map(String.init)[...])
        }
        return EvaluationScope(types: ["facts": tree, "now": .timestamp]) { program in
            let read = collectors.filter { declaration in
                let path = ["facts"] + declaration.name.split(separator: ".").map(String.init)
                return program.references.contains { $0.starts(with: path) || path.starts(with: $0) }
            }
            let facts = try await session.diagnostician().facts(of: read.map(\.name))
            let value = facts.reduce(Value.map([:])) { tree, fact in
                let value: Value
                switch fact.result {
                case .success(let had): value = had
                case .failure(let unknown): value = unknown.value
                }
                return tree.adding(value, at: fact.key.collector.split(separator: ".").map(String.init)[...])
            }
            return ["facts": value, "now": .timestamp(now)]
        }
    }

    private func text(of estimate: CostRange) -> String {
        let highest = estimate.highest == .max ? "any number" : "\(estimate.highest)"
        return "\(estimate.lowest) to \(highest) in a cluster of ordinary size"
    }

    private func text(of issue: CompilationError.Issue) -> String {
        let before = String(decoding: Array(expression.utf8.prefix(issue.offset)), as: UTF8.self)
        let line = before.split(separator: "\n", omittingEmptySubsequences: false).last ?? ""
        let number = before.count { $0 == "\n" } + 1
        let lines = expression.split(separator: "\n", omittingEmptySubsequences: false)
        let suggestion = issue.suggestion.map { issue.message.contains($0) ? "" : "; did you mean '\($0)'?" } ?? ""
        return "expression:\(number):\(line.unicodeScalars.count + 1): error: \(issue.message)\(suggestion)\n"
            + "  \(lines.indices.contains(number - 1) ? lines[number - 1] : "")\n"
            + "  \(String(repeating: " ", count: line.unicodeScalars.count))^"
            + String(repeating: "~", count: max(0, issue.length - 1))
    }

    private func layout(_ explanation: CEL.Explanation) -> [String] {
        let bytes = Array(expression.utf8)
        return explanation.parts.map { part in
            let source = String(decoding: bytes[part.range], as: UTF8.self)
            let value = part.value.map(resultText) ?? "(not evaluated)"
            return String(repeating: "  ", count: part.depth) + "\(source)  →  \(value)"
        }
    }

    private func resultText(of value: Value) -> String {
        switch value {
        case .unknown(let set):
            let parts = set.attributes.map { attribute in
                "\(attribute.path.joined(separator: ".")) (\(attribute.reason)"
                    + (attribute.detail.isEmpty ? ")" : ": \(attribute.detail))")
            }
            return "unknown: " + parts.sorted().joined(separator: ", ")
        case .error(let error): return "error: \(error.message) [\(error.code.rawValue)]"
        default: return "\(value)"
        }
    }
}

/// A YAML tree as a value.
func value(of node: Node) -> Value {
    node.fold(
        scalar: { _, core in
            switch core {
            case .null: .null
            case .bool(let bool): .bool(bool)
            case .int(let int): .int(int)
            case .uint(let uint): .uint(uint)
            case .double(let double): .double(double)
            case .string(let string): .string(string)
            }
        }, list: { _, elements in .list(CEL.List(elements)) }, map: { _, entries in .map(Map(entries)) })
}

extension ValueType {
    fileprivate func adding(_ type: ValueType, at path: ArraySlice<String>) -> ValueType {
        guard let name = path.first else {
            guard case .object(let fields) = self, case .object(let added) = type else { return type }
            return .object(fields.merging(added) { $1 })
        }
        guard case .object(var fields) = self else { return self }
        fields[name] = (fields[name] ?? .object([:])).adding(type, at: path.dropFirst())
        return .object(fields)
    }
}

extension Value {
    fileprivate func adding(_ value: Value, at path: ArraySlice<String>) -> Value {
        guard let name = path.first else { return value }
        guard case .map(let map) = self else { return self }
        let inner = (map[name] ?? .map([:])).adding(value, at: path.dropFirst())
        return .map(
            Map(
                map.entries.filter { entry in
                    if case .string(name) = entry.key { false } else { true }
                } + [(key: .string(name), value: inner)]))
    }
}
