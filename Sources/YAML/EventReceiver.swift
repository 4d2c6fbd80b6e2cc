/// What is made of a text while it is read: a call for each event of the specification.
///
/// Calls rather than values: an event of its own, made to be taken apart at once, costs as much as the node.
protocol EventReceiver: ~Copyable {
    mutating func pass(_ boundary: Boundary, at span: Span)

    // Each answers whether anything further is wanted.
    mutating func takeAlias(_ name: String, at span: Span) -> Bool
    mutating func takeScalar(_ scalar: consuming Scalar, _ properties: NodeProperties, at span: Span) -> Bool
    mutating func startSequence(_ properties: NodeProperties, isFlow: Bool, at span: Span) -> Bool
    mutating func startMapping(_ properties: NodeProperties, isFlow: Bool, at span: Span) -> Bool

    mutating func endSequence(at span: Span)
    mutating func endMapping(at span: Span)
}

/// Where a stream or a document starts or ends.
enum Boundary {
    case streamStart, streamEnd
    case documentStart(isExplicit: Bool)
    case documentEnd(isExplicit: Bool)
}

/// What may stand before a node, by the specification's name.
struct NodeProperties {
    var anchor: String?
    var tag: String?
}
