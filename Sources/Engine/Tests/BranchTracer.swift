internal import CEL
internal import Facts
package import Playbooks

/// A part of an expression that decides: an operand of `&&`, `||` or `!`, the question of `?:`, the body of a loop.
package struct Branch: Sendable, Hashable {
    package var playbook: String
    /// Such as `the condition of swap-active`.
    package var owner: String
    package var text: String
    package var location: Location
}

/// Which branches of playbooks have been true and which false.
struct BranchTrace: Sendable {
    private(set) var wereTrue: Set<Branch> = []
    private(set) var wereFalse: Set<Branch> = []

    mutating func add(_ value: Value?, of branch: Branch) {
        guard case .bool(let flag) = value else { return }
        if flag { wereTrue.insert(branch) } else { wereFalse.insert(branch) }
    }
}

/// An expression whose branches count.
struct BranchOwner {
    var name: String
    var condition: Condition
}

extension Playbook {
    /// The expressions that decide something: conditions and what they are made of, not what is only shown.
    var branchOwners: [BranchOwner] {
        definitions.map { BranchOwner(name: "the definition of \($0.name)", condition: $0.condition) }
            + causes.map { BranchOwner(name: "the condition of \($0.id)", condition: $0.when) }
            + remedies.flatMap(\.branchOwners)
    }

    /// Every branch that there is, in the order of the text.
    var branches: [Branch] {
        branchOwners.flatMap { owner in
            BranchWalk(owner, of: name).all(in: owner.condition)
        }
    }
}

extension Remedy {
    fileprivate var branchOwners: [BranchOwner] {
        [when.map { BranchOwner(name: "the precondition of \(id)", condition: $0) }].compactMap(\.self)
            + steps.compactMap(\.when).map { BranchOwner(name: "a step of \(id)", condition: $0) }
    }
}

/// Names the branches of one expression.
private struct BranchWalk {
    let owner: BranchOwner
    let playbook: String

    init(_ owner: BranchOwner, of playbook: String) {
        self.owner = owner
        self.playbook = playbook
    }

    func branch(_ node: ExpressionTree.Node, shiftedBy offset: Int) -> Branch {
        Branch(
            playbook: playbook, owner: owner.name,
            text: node.text.split(whereSeparator: \.isWhitespace).joined(separator: " "),
            location: owner.condition.location(
                of: node.range.lowerBound + offset..<node.range.upperBound + offset))
    }

    func all(in condition: Condition) -> [Branch] {
        let explanation = condition.program.explain(Map())
        guard let root = ExpressionTree(explanation, source: condition.program.source).root else { return [] }
        var seen: Set<Branch> = []
        return below(root).map { branch($0, shiftedBy: 0) }.filter { seen.insert($0).inserted }
    }

    private func below(_ node: ExpressionTree.Node) -> [ExpressionTree.Node] {
        node.branches + node.children.flatMap(below)
    }
}

extension ExpressionTree.Node {
    /// Those of its parts that decide, other than constants.
    fileprivate var branches: [ExpressionTree.Node] {
        let parts: [ExpressionTree.Node] =
            switch operation {
            case .and, .or, .not: children
            case .conditional: Array(children.prefix(1))
            case .loop(let name, _) where Self.asking.contains(name): Array(children.dropFirst())
            // The filter of `map(x, filter, body)`.
            case .loop: Array(children.dropFirst().dropLast())
            case .presence, .comparison, .binding, .other: []
            }
        // `a && b` as an operand is told by its own operands.
        return parts.filter { !["true", "false"].contains($0.text) && ![.and, .or, .not].contains($0.operation) }
    }

    /// The loops whose bodies are true or false.
    fileprivate static let asking: Set<String> = ["all", "exists", "exists_one", "existsOne", "filter"]
}

// MARK: - Tracing

/// Follows the evaluation of a playbook's expressions, into the bodies of loops too.
struct BranchTracer {
    private(set) var trace = BranchTrace()
    /// By the text and the names that count in it.
    private var bodies: [[String]: Program?] = [:]

    /// Adds what the causes, and the remedies of confirmed ones, decided on.
    mutating func add(_ investigation: Investigation) {
        let findings = investigation.diagnosis.findings
        for name in Set(findings.map(\.playbook)) {
            guard let playbook = investigation.library[name] else { continue }
            let scope = Scope(playbook, memory: investigation.memory)
            let confirmed = Set(findings.filter { $0.playbook == name && $0.status == .confirmed }.map(\.cause))
            let offered = Set(playbook.causes.filter { confirmed.contains($0.id) }.flatMap(\.remedies))
            var concerned = playbook
            concerned.remedies.removeAll { !offered.contains($0.id) }
            for owner in concerned.branchOwners { follow(owner, of: name, in: scope) }
        }
    }

    private mutating func follow(_ owner: BranchOwner, of playbook: String, in scope: Scope) {
        let program = owner.condition.program
        guard let root = ExpressionTree(scope.explanation(of: owner.condition), source: program.source).root else {
            return
        }
        visit(root, shiftedBy: 0, BranchWalk(owner, of: playbook), LoopScope(outer: scope))
    }

    private mutating func visit(
        _ node: ExpressionTree.Node, shiftedBy offset: Int, _ walk: BranchWalk, _ scope: LoopScope
    ) {
        guard node.value != nil else { return }
        guard case .loop(let name, let variables) = node.operation, let source = node.children.first else {
            for branch in node.branches { trace.add(branch.value, of: walk.branch(branch, shiftedBy: offset)) }
            var inner = scope
            if case .binding(let name) = node.operation { inner.values[name] = node.children.first?.value }
            for child in node.children { visit(child, shiftedBy: offset, walk, inner) }
            return
        }
        visit(source, shiftedBy: offset, walk, scope)
        let elements = LoopScope.elements(of: source.value, count: variables.count)
        for element in elements {
            var inner = scope
            for (variable, value) in zip(variables, element) { inner.values[variable] = value }
            var isPassed = true
            for (index, part) in node.children.dropFirst().enumerated() {
                guard isPassed, let (root, start) = evaluate(part, in: inner) else { break }
                let shift = offset + start
                let isBody = index == node.children.count - 2
                if !isBody || ExpressionTree.Node.asking.contains(name), ![.and, .or, .not].contains(root.operation) {
                    trace.add(root.value, of: walk.branch(root, shiftedBy: shift))
                }
                visit(root, shiftedBy: shift, walk, inner)
                // As the loop does: behind the element that decides nothing is looked at.
                if isBody, case .bool(let flag) = root.value, flag ? name == "exists" : name == "all" { return }
                if case .bool(true) = root.value { continue }
                isPassed = isBody
            }
        }
    }

    /// A part of an expression by itself, for one element of a loop, and where its text begins.
    private mutating func evaluate(
        _ part: ExpressionTree.Node, in scope: LoopScope
    ) -> (root: ExpressionTree.Node, start: Int)? {
        let program: Program?
        let names = scope.names
        if let known = bodies[[part.text] + names] {
            program = known
        } else {
            var environment = Environment(variables: Dictionary(uniqueKeysWithValues: names.map { ($0, .dyn) }))
            environment.isChecked = false
            program = try? environment.compile(Self.balanced(part.text).text)
            bodies[[part.text] + names] = .some(program)
        }
        guard let program else { return nil }
        let (text, added) = Self.balanced(part.text)
        return ExpressionTree(program.explain(scope), source: text).root.map { ($0, part.range.lowerBound - added) }
    }

    /// A part begins and ends with its operands, without the brackets around them: here with as many as it needs.
    private static func balanced(_ text: String) -> (text: String, added: Int) {
        var (open, missing) = (0, 0)
        var quote: Character?
        var isEscaped = false
        for character in text {
            if let inside = quote {
                if !isEscaped, character == inside { quote = nil }
                isEscaped = !isEscaped && character == "\\"
                continue
            }
            switch character {
            case "'", "\"": quote = character
            case "(": open += 1
            case ")" where open > 0: open -= 1
            case ")": missing += 1
            default: break
            }
        }
        return (String(repeating: "(", count: missing) + text + String(repeating: ")", count: open), missing)
    }
}

/// A playbook's names, and those of the loops around.
private struct LoopScope: Activation {
    let outer: Scope
    var values: [String: Value] = [:]

    func value(of name: String) -> Value? { values[name] ?? outer.value(of: name) }

    /// What expressions may name here, sorted.
    var names: [String] {
        Set(["facts", "inputs", "platform", "now"] + outer.playbook.definitions.map(\.name) + values.keys).sorted()
    }

    /// What each round gives the variables.
    static func elements(of value: Value?, count: Int) -> [[Value]] {
        switch value {
        case .list(let list):
            count < 2 ? list.map { [$0] } : list.enumerated().map { [.int(Int64($0.offset)), $0.element] }
        case .map(let map): map.entries.map { [$0.key, $0.value] }
        default: []
        }
    }
}
