/// Builds nodes out of events: follows aliases, and looks for duplicate keys and for what costs too much.
struct Composer: EventReceiver, ~Copyable {
    /// A collection whose end has not come yet.
    private struct OpenCollection {
        var isMapping: Bool
        var isFlow: Bool
        var start: Mark
        var properties: NodeProperties
        /// Where its parts start in `finished`.
        var firstPart: Int
        /// What the document's count of nodes was before it.
        var nodesBefore: Int
        /// How many levels of collections it holds, itself included.
        var height = 1
    }

    private enum Anchored {
        case complete(Node, nodes: Int, height: Int)
        /// The collection at this place in `open` has not ended.
        case open(level: Int)
    }

    private(set) var documents: [Node] = []
    private(set) var errors: [YAMLError] = []
    private(set) var hasTagsOrMergeKeys = false
    private let limits: Limits
    private var open: [OpenCollection] = []
    private var finished = NodeStack()
    private var anchors: [String: Anchored] = [:]
    private var nodes = 0
    private var aliases = 0
    /// Of all documents together, lest a text of many small documents costs more than one large one.
    private var nodesFromAliases = 0

    init(limits: Limits) { self.limits = limits }

    private mutating func report(_ code: YAMLError.Code, _ message: String, at mark: Mark) {
        errors.append(YAMLError(code: code, message: message, mark: mark))
    }

    private mutating func isWithinLimits(at mark: Mark) -> Bool {
        guard nodes > limits.nodes || nodesFromAliases > limits.nodes || documents.count > limits.nodes else {
            return true
        }
        report(.tooManyNodes, "more than \(limits.nodes) nodes, those that aliases stand for included", at: mark)
        return false
    }

    private mutating func start(_ properties: NodeProperties, isMapping: Bool, isFlow: Bool, at span: Span) -> Bool {
        if let anchor = properties.anchor { anchors[anchor] = .open(level: open.count) }
        open.append(
            OpenCollection(
                isMapping: isMapping, isFlow: isFlow, start: span.start, properties: properties,
                firstPart: finished.count, nodesBefore: nodes))
        nodes += 1
        return isWithinLimits(at: span.start)
    }

    private mutating func end(at place: Span) {
        guard let collection = open.popLast() else { return }
        var span = Span(start: collection.start, end: place.end)
        let hasBracket = collection.isFlow && place.start != place.end
        if !hasBracket, finished.count > collection.firstPart, let end = finished.lastEnd {
            // libyaml ends a block, and a pair without braces in a flow sequence, where the next thing starts.
            span.end = max(end, span.start)
        }
        let node = Node(content: content(of: collection), span: span, tag: collection.properties.tag)
        var anchor = collection.properties.anchor
        if let name = anchor {
            // A node inside may have taken the name over.
            if case .open(open.count)? = anchors[name] {} else { anchor = nil }
        }
        finish(node, anchor: anchor, nodes: nodes - collection.nodesBefore, height: collection.height)
    }

    private mutating func content(of collection: OpenCollection) -> Node.Content {
        guard collection.isMapping else { return .sequence(finished.popItems(from: collection.firstPart)) }
        let entries = finished.popEntries(from: collection.firstPart)
        DuplicateKeys.find(in: entries) { errors.append($0) }
        return .mapping(entries)
    }

    private mutating func finish(_ node: consuming Node, anchor: String?, nodes: Int, height: Int) {
        if node.tag != nil {
            hasTagsOrMergeKeys = true
            if node.contradictsTag {
                report(.tagMismatch, "the value is not what its tag says", at: node.span.start)
            }
        }
        if let anchor { anchors[anchor] = .complete(copy node, nodes: nodes, height: height) }
        finished.push(consume node)
        // A scalar adds nothing to the height that a collection has at least.
        if height > 0, !open.isEmpty { open[open.count - 1].height = max(open[open.count - 1].height, height + 1) }
    }
}

// MARK: Events

extension Composer {
    mutating func pass(_ boundary: Boundary, at span: Span) {
        switch boundary {
        case .streamStart, .streamEnd: break
        case .documentStart:
            nodes = 0
            aliases = 0
            anchors.removeAll(keepingCapacity: true)
        case .documentEnd: if let root = finished.pop() { documents.append(root) }
        }
    }

    mutating func takeScalar(_ scalar: consuming Scalar, _ properties: NodeProperties, at span: Span) -> Bool {
        nodes += 1
        if scalar.style == .plain, scalar.text.utf8.count == 2, scalar.text == "<<" { hasTagsOrMergeKeys = true }
        let node = Node(content: .scalar(scalar), span: span, tag: properties.tag)
        finish(node, anchor: properties.anchor, nodes: 1, height: 0)
        return isWithinLimits(at: span.start)
    }

    mutating func startSequence(_ properties: NodeProperties, isFlow: Bool, at span: Span) -> Bool {
        start(properties, isMapping: false, isFlow: isFlow, at: span)
    }

    mutating func startMapping(_ properties: NodeProperties, isFlow: Bool, at span: Span) -> Bool {
        start(properties, isMapping: true, isFlow: isFlow, at: span)
    }

    mutating func endSequence(at span: Span) { end(at: span) }

    mutating func endMapping(at span: Span) { end(at: span) }

    mutating func takeAlias(_ name: String, at span: Span) -> Bool {
        aliases += 1
        guard aliases <= limits.aliases else {
            report(.tooManyAliases, "more than \(limits.aliases) aliases", at: span.start)
            return false
        }
        let nothing = Node(content: .scalar(Scalar(text: "", style: .plain)), span: span)
        switch anchors[name] {
        case nil:
            report(.unknownAnchor, "there is no anchor '\(name)' before this alias", at: span.start)
            finish(nothing, anchor: nil, nodes: 1, height: 0)
            nodes += 1
        case .open:
            report(.recursiveAnchor, "the alias '\(name)' stands inside of the node that it names", at: span.start)
            finish(nothing, anchor: nil, nodes: 1, height: 0)
            nodes += 1
        case .complete(var node, let count, let height):
            nodes += count
            nodesFromAliases += count
            guard open.count + height <= limits.depth else {
                report(.tooDeep, "nested more than \(limits.depth) levels deep through an alias", at: span.start)
                return false
            }
            node.span = span
            finish(node, anchor: nil, nodes: count, height: height)
        }
        return isWithinLimits(at: span.start)
    }
}
