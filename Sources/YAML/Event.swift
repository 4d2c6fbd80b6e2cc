/// One step of reading a YAML text, as the specification's "events" are.
package struct Event: Sendable {
    package enum Kind: Sendable {
        case streamStart, streamEnd
        case documentStart(isExplicit: Bool)
        case documentEnd(isExplicit: Bool)
        case alias(String)
        case scalar(Scalar)
        case sequenceStart(isFlow: Bool)
        case sequenceEnd
        case mappingStart(isFlow: Bool)
        case mappingEnd
    }

    package var kind: Kind
    package var span: Span
    package var anchor: String?
    package var tag: String?

    init(_ kind: Kind, span: Span, _ properties: NodeProperties = NodeProperties()) {
        self.kind = kind
        self.span = span
        anchor = properties.anchor
        tag = properties.tag
    }

    /// The event in the notation of the yaml-test-suite, such as `=VAL &a "text`.
    package var notation: String {
        switch kind {
        case .streamStart: "+STR"
        case .streamEnd: "-STR"
        case .documentStart(let isExplicit): isExplicit ? "+DOC ---" : "+DOC"
        case .documentEnd(let isExplicit): isExplicit ? "-DOC ..." : "-DOC"
        case .alias(let name): "=ALI *" + name
        case .scalar(let scalar): "=VAL" + properties + " " + scalar.notation
        case .sequenceStart(let isFlow): (isFlow ? "+SEQ []" : "+SEQ") + properties
        case .sequenceEnd: "-SEQ"
        case .mappingStart(let isFlow): (isFlow ? "+MAP {}" : "+MAP") + properties
        case .mappingEnd: "-MAP"
        }
    }

    private var properties: String {
        (anchor.map { " &" + $0 } ?? "") + (tag.map { " <" + $0 + ">" } ?? "")
    }
}

extension Scalar {
    fileprivate var notation: String {
        let indicator =
            switch style {
            case .plain: ":"
            case .singleQuoted: "'"
            case .doubleQuoted: "\""
            case .literal: "|"
            case .folded: ">"
            }
        return text.unicodeScalars.reduce(into: indicator) { result, scalar in
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\0": result += "\\0"
            default: result.unicodeScalars.append(scalar)
            }
        }
    }
}

/// All events of a text in their order.
struct EventList: EventReceiver {
    private(set) var events: [Event] = []

    private mutating func append(_ event: Event) -> Bool {
        events.append(event)
        return true
    }

    mutating func pass(_ boundary: Boundary, at span: Span) {
        let kind: Event.Kind =
            switch boundary {
            case .streamStart: .streamStart
            case .streamEnd: .streamEnd
            case .documentStart(let isExplicit): .documentStart(isExplicit: isExplicit)
            case .documentEnd(let isExplicit): .documentEnd(isExplicit: isExplicit)
            }
        events.append(Event(kind, span: span))
    }

    mutating func takeAlias(_ name: String, at span: Span) -> Bool { append(Event(.alias(name), span: span)) }

    mutating func takeScalar(_ scalar: consuming Scalar, _ properties: NodeProperties, at span: Span) -> Bool {
        append(Event(.scalar(scalar), span: span, properties))
    }

    mutating func startSequence(_ properties: NodeProperties, isFlow: Bool, at span: Span) -> Bool {
        append(Event(.sequenceStart(isFlow: isFlow), span: span, properties))
    }

    mutating func startMapping(_ properties: NodeProperties, isFlow: Bool, at span: Span) -> Bool {
        append(Event(.mappingStart(isFlow: isFlow), span: span, properties))
    }

    mutating func endSequence(at span: Span) { events.append(Event(.sequenceEnd, span: span)) }

    mutating func endMapping(at span: Span) { events.append(Event(.mappingEnd, span: span)) }
}
