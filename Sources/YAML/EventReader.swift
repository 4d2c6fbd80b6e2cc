internal import CLibYAML

/// libyaml's parser over one text, event by event, with what libyaml 0.2.5 does not do itself: places in bytes, a limit
/// of depth, and errors where it would accept or misread a text.
///
/// Safe outside: the parser and the text that it reads belong to the reader, and no pointer of libyaml's leaves it.
@safe struct EventReader: ~Copyable {
    private let source: Source
    private let limits: Limits
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// libyaml does not copy its input.
    private let input: UnsafeMutableBufferPointer<UInt8>
    private var offsets: OffsetCursor
    /// The column behind the last character, where no line break ends the text and libyaml was given one more.
    private let lastColumn: Int?
    private var checks: ConformanceCheck
    private var depth = 0
    private var ownErrors: [YAMLError] = []

    var errors: [YAMLError] { ownErrors + checks.errors }

    init(_ source: Source, limits: Limits) {
        self.source = source
        self.limits = limits
        offsets = OffsetCursor(source)
        checks = ConformanceCheck(source)
        var text = source.bytes[source.start...]
        // YAML 1.2 ends the last line at the end of the text, libyaml forgets the last line of a block scalar then.
        lastColumn = source.unendedColumn
        if lastColumn != nil { text.append(UInt8(ascii: "\n")) }
        // One byte at least: libyaml wants a pointer even for nothing at all.
        unsafe input = .allocate(capacity: max(text.count, 1))
        _ = unsafe input.initialize(fromContentsOf: text)
        unsafe parser = .allocate(capacity: 1)
        guard unsafe yaml_parser_initialize(parser) == 1 else { fatalError("out of memory") }
        unsafe yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
        unsafe yaml_parser_set_input_string(parser, input.baseAddress, text.count)
    }

    deinit {
        unsafe yaml_parser_delete(parser)
        unsafe parser.deallocate()
        unsafe input.deallocate()
    }

    /// Hands on each event until the text ends, nothing further is wanted, or an error ends the reading.
    mutating func read(into receiver: inout some EventReceiver & ~Copyable) {
        var event = unsafe yaml_event_t()
        var goesOn = true
        while goesOn {
            guard unsafe yaml_parser_parse(parser, &event) == 1 else {
                ownErrors.append(problem())
                return
            }
            goesOn = unsafe hand(event, to: &receiver)
            unsafe yaml_event_delete(&event)
        }
    }

    private mutating func stop(_ code: YAMLError.Code, _ message: String, at mark: Mark) -> Bool {
        ownErrors.append(YAMLError(code: code, message: message, mark: mark))
        return false
    }
}

extension EventReader {
    private mutating func hand(_ event: yaml_event_t, to receiver: inout some EventReceiver & ~Copyable) -> Bool {
        let start = unsafe mark(event.start_mark)
        let span = unsafe Span(start: start, end: mark(event.end_mark))
        switch unsafe event.type {
        case YAML_SCALAR_EVENT: return unsafe scalar(event, span: span, to: &receiver)
        case YAML_MAPPING_START_EVENT:
            let data = unsafe event.data.mapping_start
            let isFlow = unsafe data.style == YAML_FLOW_MAPPING_STYLE
            guard open(span, isSequence: false, isFlow: isFlow) else { return false }
            return unsafe receiver.startMapping(properties(data.anchor, data.tag), isFlow: isFlow, at: span)
        case YAML_SEQUENCE_START_EVENT:
            let data = unsafe event.data.sequence_start
            let isFlow = unsafe data.style == YAML_FLOW_SEQUENCE_STYLE
            guard open(span, isSequence: true, isFlow: isFlow) else { return false }
            return unsafe receiver.startSequence(properties(data.anchor, data.tag), isFlow: isFlow, at: span)
        case YAML_MAPPING_END_EVENT:
            close(span)
            receiver.endMapping(at: span)
        case YAML_SEQUENCE_END_EVENT:
            close(span)
            receiver.endSequence(at: span)
        case YAML_ALIAS_EVENT:
            checks.passGap(to: span.end.offset)
            return unsafe receiver.takeAlias(string(event.data.alias.anchor) ?? "", at: span)
        default:
            guard let boundary = unsafe boundary(event) else { return false }
            receiver.pass(boundary, at: span)
            guard case .streamEnd = boundary else { return true }
            checks.finish()
            return false
        }
        return true
    }

    private func boundary(_ event: yaml_event_t) -> Boundary? {
        switch unsafe event.type {
        case YAML_STREAM_START_EVENT: .streamStart
        case YAML_STREAM_END_EVENT: .streamEnd
        case YAML_DOCUMENT_START_EVENT: unsafe .documentStart(isExplicit: event.data.document_start.implicit == 0)
        case YAML_DOCUMENT_END_EVENT: unsafe .documentEnd(isExplicit: event.data.document_end.implicit == 0)
        default: nil
        }
    }

    private mutating func open(_ span: Span, isSequence: Bool, isFlow: Bool) -> Bool {
        depth += 1
        guard depth <= limits.depth else {
            return stop(.tooDeep, "nested more than \(limits.depth) levels deep", at: span.start)
        }
        checks.open(span, isSequence: isSequence, isFlow: isFlow)
        return true
    }

    private mutating func close(_ span: Span) {
        depth -= 1
        checks.close(span)
    }

    private mutating func scalar(
        _ event: yaml_event_t, span: Span, to receiver: inout some EventReceiver & ~Copyable
    ) -> Bool {
        let data = unsafe event.data.scalar
        let length = unsafe data.length
        guard length <= limits.scalarBytes else {
            return stop(.tooLarge, "the scalar has more than \(limits.scalarBytes) bytes", at: span.start)
        }
        let text = unsafe String(decoding: UnsafeBufferPointer(start: data.value, count: length), as: UTF8.self)
        let scalar = Scalar(text: text, style: unsafe style(data.style))
        let place = checks.passScalar(scalar, span: span)
        return unsafe receiver.takeScalar(scalar, properties(data.anchor, data.tag), at: place)
    }

    private func properties(
        _ anchor: UnsafeMutablePointer<yaml_char_t>?, _ tag: UnsafeMutablePointer<yaml_char_t>?
    ) -> NodeProperties {
        unsafe NodeProperties(anchor: string(anchor), tag: string(tag))
    }

    private func style(_ style: yaml_scalar_style_t) -> Scalar.Style {
        switch style {
        case YAML_SINGLE_QUOTED_SCALAR_STYLE: .singleQuoted
        case YAML_DOUBLE_QUOTED_SCALAR_STYLE: .doubleQuoted
        case YAML_LITERAL_SCALAR_STYLE: .literal
        case YAML_FOLDED_SCALAR_STYLE: .folded
        default: .plain
        }
    }

    private func string(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        unsafe text.map { unsafe String(cString: $0) }
    }

    private mutating func mark(_ mark: yaml_mark_t) -> Mark {
        let offset = offsets.offset(of: mark.index)
        if let lastColumn, offset >= source.bytes.count, mark.column == 0 {
            // Behind a line break that the text does not have.
            return Mark(line: mark.line, column: lastColumn, offset: source.bytes.count)
        }
        return Mark(line: mark.line + 1, column: mark.column + 1, offset: offset)
    }
}

extension EventReader {
    /// What libyaml says is wrong, in words that help.
    private mutating func problem() -> YAMLError {
        let failed = unsafe parser.pointee
        guard unsafe failed.error != YAML_READER_ERROR else {
            let offset = unsafe source.start + min(failed.problem_offset, source.bytes.count - source.start)
            return YAMLError(
                code: .encoding, message: "this cannot be read as UTF-8", mark: source.mark(at: offset))
        }
        let place = unsafe mark(failed.problem_mark)
        let problem = unsafe failed.problem.map { unsafe String(cString: $0) } ?? "this is not YAML"
        let context = unsafe failed.context.map { unsafe String(cString: $0) }
        let contextLine = unsafe failed.context_mark.line + 1
        let message = SyntaxMessage.message(
            problem: problem, context: context, contextLine: contextLine, line: place.line,
            isAtTab: place.offset < source.bytes.count && source.bytes[place.offset] == UInt8(ascii: "\t"))
        return YAMLError(code: .syntax, message: message, mark: place)
    }
}
