/// Turns a checked expression into nodes: names into slots, chains of fields into one step, what is constant into its
/// value.
struct Planner {
    let checked: Checked
    /// For an explanation every part stays a node of its own, whose value is noted.
    let isRecording: Bool
    private(set) var issues: [CompilationError.Issue] = []
    private var scopes: [(name: String, node: any Node)] = []
    private var slotCount = 0
    private var indexCount = 0
    private var cachedVariables: [String: Int] = [:]

    init(_ checked: Checked, isRecording: Bool = false) {
        self.checked = checked
        self.isRecording = isRecording
    }

    mutating func plan() -> Plan {
        if !isRecording {
            var uses: [String: Int] = [:]
            count(checked.expression, inLoop: false, &uses)
            // Looking a variable up twice costs about as much as keeping it.
            for name in uses.filter({ $0.value > 2 }).keys.sorted() { cachedVariables[name] = newSlots(1) }
        }
        let root = node(checked.expression)
        return Plan(root: root, slotCount: slotCount)
    }

    private func count(_ expression: Expression, inLoop: Bool, _ uses: inout [String: Int]) {
        if case .variable(let name)? = checked.resolution(of: expression) { uses[name, default: 0] += inLoop ? 3 : 1 }
        switch expression.kind {
        case .comprehension(let loop):
            count(loop.source, inLoop: inLoop, &uses)
            if let filter = loop.filter { count(filter, inLoop: true, &uses) }
            count(loop.body, inLoop: true, &uses)
        default: for child in expression.children { count(child, inLoop: inLoop, &uses) }
        }
    }

    private mutating func newSlots(_ count: Int) -> Int {
        defer { slotCount += count }
        return slotCount
    }

    mutating func node(_ expression: Expression) -> any Node {
        let node = made(expression)
        return isRecording ? RecordingNode(node, id: expression.id) : node
    }

    private mutating func made(_ expression: Expression) -> any Node {
        let offset = expression.range.lowerBound
        switch expression.kind {
        case .literal(let value): return ConstantNode(value)
        case .identifier(let name, let isAbsolute): return variable(name, isAbsolute: isAbsolute, expression)
        case .select(let operand, let field, let isOptional):
            return select(operand, field, isOptional: isOptional, expression)
        case .presence(let operand, let field):
            return PresenceNode(node(operand), field: .init(field, endingAt: expression.range.upperBound - 1))
        case .call(let call): return self.call(call, expression)
        case .and(let operands):
            return logic(operands, deciding: false, offset)
        case .or(let operands): return logic(operands, deciding: true, offset)
        case .conditional(let condition, let then, let otherwise):
            return ConditionalNode(node(condition), node(then), node(otherwise), offset: offset)
        case .list(let elements):
            let optional = Set(elements.indices.filter { elements[$0].isOptional })
            let nodes = elements.map { node($0.value) }
            return folded(ListNode(nodes, optional: optional), nodes)
        case .map(let entries):
            let nodes = entries.map { entry in
                MapNode.Entry(
                    key: node(entry.key), value: node(entry.value), isOptional: entry.isOptional,
                    offset: entry.key.range.lowerBound)
            }
            return folded(MapNode(nodes), nodes.flatMap { [$0.key, $0.value] })
        case .message(let name, let fields): return message(name, fields, expression)
        case .comprehension(let loop): return comprehension(loop, expression)
        case .bind(let name, let value, let body): return bind([(name, value)], body)
        case .block(let values, let body):
            return bind(values.enumerated().map { ("@index\($0.offset)", $0.element) }, body)
        case .optionalMap(let operand, let name, let body, let isFlat):
            let source = node(operand)
            let slot = newSlots(1)
            scopes.append((name, BoundNode(slot: slot, source: source)))
            defer { scopes.removeLast() }
            return OptionalMapNode(source, slot: slot, body: node(body), isFlat: isFlat, offset: offset)
        case .invalid: return failure(.invalidArgument, "this could not be read", expression)
        }
    }

    private mutating func logic(_ operands: [Expression], deciding: Bool, _ offset: Int) -> any Node {
        let nodes = operands.map { node($0) }
        return nodes.count == 2
            ? BinaryLogicNode(nodes[0], nodes[1], deciding: deciding, offset: offset)
            : LogicNode(nodes, deciding: deciding, offset: offset)
    }

    private func failure(_ code: EvaluationError.Code, _ message: String, _ expression: Expression) -> any Node {
        FailureNode(EvaluationError(code, message, offset: expression.range.lowerBound))
    }

    // MARK: Names

    private mutating func variable(_ name: String, isAbsolute: Bool, _ expression: Expression) -> any Node {
        if !isAbsolute, let local = scopes.last(where: { $0.name == name }) { return local.node }
        return resolved(expression) ?? failure(.undeclaredReference, "there is no '\(name)' here", expression)
    }

    /// The variable or constant that the checker found the name to be.
    private func resolved(_ expression: Expression) -> (any Node)? {
        switch checked.resolution(of: expression) {
        case .variable(let name)?:
            let variable = VariableNode(name, offset: expression.range.lowerBound)
            return cachedVariables[name].map { CachedVariableNode(variable, slot: $0) } ?? variable
        case .constant(let value)?: return ConstantNode(value, cost: 1)
        default: return nil
        }
    }

    private mutating func select(
        _ operand: Expression, _ field: String, isOptional: Bool, _ expression: Expression
    ) -> any Node {
        if let node = resolved(expression) { return node }
        let last = SelectNode.Field(field, endingAt: expression.range.upperBound)
        let node = node(operand)
        if isOptional { return OptionalSelectNode(node, field: last) }
        if let inner = node as? SelectNode { return SelectNode(inner.operand, fields: inner.fields + [last]) }
        return SelectNode(node, fields: [last])
    }

    private mutating func message(_ name: String, _ fields: [Expression.Field], _ expression: Expression) -> any Node {
        guard case .message(let message)? = checked.resolution(of: expression) else {
            return failure(.undeclaredReference, "there is no type '\(name)' to make", expression)
        }
        let nodes = fields.map {
            MessageNode.Field(name: $0.name, value: node($0.value), isOptional: $0.isOptional)
        }
        for field in fields where message.fieldTypes[field.name] == nil {
            return failure(.noSuchField, "\(name) has no field '\(field.name)'", expression)
        }
        return folded(MessageNode(message, nodes, offset: expression.range.lowerBound), nodes.map(\.value))
    }

    // MARK: Scopes

    private mutating func bind(_ values: [(name: String, value: Expression)], _ body: Expression) -> any Node {
        let slot = newSlots(values.count)
        var nodes: [any Node] = []
        for (index, entry) in values.enumerated() {
            let node = node(entry.value)
            nodes.append(node)
            scopes.append((entry.name, BoundNode(slot: slot + index, source: node)))
        }
        defer { scopes.removeLast(values.count) }
        return BindNode(nodes, slot: slot, body: node(body))
    }

    private mutating func comprehension(_ loop: Expression.Comprehension, _ expression: Expression) -> any Node {
        let source = node(loop.source)
        let hasTwoVariables = loop.secondVariable != nil
        let slot = newSlots(hasTwoVariables ? 2 : 1)
        let first = LoopVariableNode(slot: slot, role: hasTwoVariables ? .index : .only, source: source)
        scopes.append((loop.variable, first))
        if let second = loop.secondVariable {
            scopes.append((second, LoopVariableNode(slot: slot + 1, role: .value, source: source)))
        }
        defer { scopes.removeLast(hasTwoVariables ? 2 : 1) }
        var iteration = Iteration(
            source: source, slot: slot, hasTwoVariables: hasTwoVariables, name: loop.kind.rawValue,
            offset: expression.range.lowerBound)
        iteration.join = join(loop)
        let filter = loop.filter.map { node($0) }
        let body = node(loop.body)
        switch loop.kind {
        case .all: return QuantifierNode(iteration, body: body, deciding: false)
        case .exists: return QuantifierNode(iteration, body: body, deciding: true)
        case .existsOne: return ExistsOneNode(iteration, body: body)
        case .filter: return FilterNode(iteration, body: body)
        case .map, .transformList: return MapLoopNode(iteration, filter: filter, body: body)
        case .transformMap: return TransformMapNode(iteration, filter: filter, body: body, makesEntries: false)
        case .transformMapEntry: return TransformMapNode(iteration, filter: filter, body: body, makesEntries: true)
        }
    }

    // MARK: Joins

    /// The index that serves a loop whose condition holds only where a path in the element equals something else.
    private mutating func join(_ loop: Expression.Comprehension) -> Join? {
        guard !isRecording, let (fields, key) = loop.join(checked) else { return nil }
        defer { indexCount += 1 }
        return Join(id: indexCount, fields: fields, key: node(key))
    }

    // MARK: Constants

    /// The value itself where all parts are constant and computing it goes well.
    private func folded(_ node: any Node, _ parts: [any Node]) -> any Node {
        guard !isRecording, parts.allSatisfy({ $0 is ConstantNode }) else { return node }
        var frame = Frame([String: Value](), slotCount: 0, budget: 10_000)
        let value = node.evaluate(&frame)
        guard !value.isUnknownOrError, !frame.isExhausted, value.costSize < 10_000 else { return node }
        return ConstantNode(value, cost: frame.cost)
    }

    // MARK: Calls

    private mutating func call(_ call: Expression.Call, _ expression: Expression) -> any Node {
        var overloads: [Overload] = []
        var isMember = call.target != nil
        if case .call(let found, let member)? = checked.resolution(of: expression) {
            overloads = found.map(\.overload)
            isMember = member
        }
        var arguments: [any Node] = []
        if isMember, let target = call.target { arguments.append(node(target)) }
        for argument in call.arguments { arguments.append(node(argument)) }
        let offset = call.nameRange.lowerBound
        if arguments.count == 2, let made = binaryOperator(call, arguments[0], arguments[1], offset) {
            return folded(made, arguments)
        }
        if call.function == "!_" { return folded(NotNode(arguments[0], offset: offset), arguments) }
        if overloads.contains(where: { $0.id == "matches" || $0.id == "matches_string" }), arguments.count == 2 {
            return match(arguments[0], arguments[1], call, offset)
        }
        if overloads.isEmpty {
            let message = "no function '\(call.function)' applies here"
            return failure(.noSuchOverload, message, expression)
        }
        return folded(function(call, arguments, overloads, offset), arguments)
    }

    private func function(
        _ call: Expression.Call, _ arguments: [any Node], _ overloads: [Overload], _ offset: Int
    ) -> any Node {
        let types = ((call.target.map { [$0] } ?? []) + call.arguments).map { checked.type(of: $0) }
        let isCertain = overloads.count == 1 && !types.contains { $0.isDynamic || $0.withoutNull != $0 }
        if isCertain, call.function != "replace" {
            switch overloads[0].implementation {
            case .unary(let function) where arguments.count == 1:
                if call.function == "size", let split = arguments[0] as? BinaryCallNode, split.isSplit {
                    return SplitCountNode(split)
                }
                return UnaryCallNode(arguments[0], overloads[0], offset: offset, function)
            case .binary(let function) where arguments.count == 2:
                let node = BinaryCallNode(arguments[0], arguments[1], overloads[0], offset: offset, function)
                return TextTestNode.Test(rawValue: overloads[0].id).map { TextTestNode(node, $0) } ?? node
            default: break
            }
        }
        return CallNode(call.function, arguments, overloads, offset: offset)
    }

    private func binaryOperator(
        _ call: Expression.Call, _ left: any Node, _ right: any Node, _ offset: Int
    ) -> (any Node)? {
        guard call.target == nil else { return nil }
        switch call.function {
        case "_==_", "_!=_":
            let isNegated = call.function == "_!=_"
            if let constant = right as? ConstantNode, constant.cost == 0 {
                return ConstantEqualityNode(left, constant.value, isNegated: isNegated)
            }
            return EqualityNode(left, right, isNegated: isNegated)
        case "_[_]": return IndexNode(left, right, isOptional: false, offset: offset)
        case "_[?_]": return IndexNode(left, right, isOptional: true, offset: offset)
        case "@in": return MembershipNode(left, right, offset: offset)
        case "_+_": return AdditionNode(left, right, offset: offset)
        case "_-_": return ArithmeticNode(left, right, offset: offset, Arithmetic.subtract)
        case "_*_": return ArithmeticNode(left, right, offset: offset, Arithmetic.multiply)
        case "_/_": return ArithmeticNode(left, right, offset: offset, Arithmetic.divide)
        case "_%_": return ArithmeticNode(left, right, offset: offset, Arithmetic.remainder)
        default:
            guard let relation = OrderNode.Relation(rawValue: call.function) else { return nil }
            let node = OrderNode(left, right, relation, offset: offset)
            guard let constant = right as? ConstantNode, constant.cost == 0, case .int(let number) = constant.value
            else {
                return node
            }
            return ConstantOrderNode(node, number)
        }
    }

    private mutating func match(
        _ text: any Node, _ pattern: any Node, _ call: Expression.Call, _ offset: Int
    ) -> any Node {
        guard case .literal(.string(let source))? = call.arguments.last?.kind else {
            return DynamicMatchNode(text, pattern, offset: offset)
        }
        do throws(Pattern.Failure) {
            return MatchNode(text, try Pattern(source), offset: offset)
        } catch {
            let range = call.arguments.last?.range ?? call.nameRange
            issues.append(.init(.invalidPattern, error.message, offset: range.lowerBound, length: range.count))
            return FailureNode(EvaluationError(.invalidArgument, error.message, offset: range.lowerBound))
        }
    }
}
