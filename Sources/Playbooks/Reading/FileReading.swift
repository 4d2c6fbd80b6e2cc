internal import CEL
package import YAML

/// The documents of one kind in a file, compared with their shape: the way in for every file that people write for us.
package struct FileReading: Sendable {
    package struct Document: Sendable {
        package let root: Mapping
        /// Whether neither the text nor the form has an error.
        package let isSound: Bool
    }

    package let source: SourceText
    /// Those of the wanted kind, also when they have problems.
    package private(set) var documents: [Document] = []
    package private(set) var problems: [Problem] = []

    /// - Parameter shape: of a whole document, `apiVersion` and `kind` included.
    package init(
        _ bytes: [UInt8], file: String, kind: String, shape: Shape, limits: Limits = .playbook
    ) {
        source = SourceText(bytes, file: file)
        let result = YAML.parse(bytes, limits: limits)
        let errorsOfText =
            result.errors.map { Problem($0, in: source) } + (result.mayHaveDirectives ? directives() : [])
        problems = errorsOfText
        let mayRepeatKeys = result.errors.contains { $0.code == .duplicateKey }
        for document in result.documents where document.resolved != .null {
            var excesses: [Problem] = []
            if result.hasTagsOrMergeKeys { addExcesses(of: document, to: &excesses) }
            problems += excesses
            guard isWanted(document, kind: kind) else { continue }
            var check = FormCheck(source, mayRepeatKeys: mayRepeatKeys)
            check.check(document, as: .object(shape), what: "a document")
            problems += check.problems
            // What is too large is not looked at any further.
            guard let root = Mapping(document), !check.problems.contains(where: { $0.code == .tooLarge }) else {
                continue
            }
            let isSound = errorsOfText.isEmpty && excesses.isEmpty && check.problems.isEmpty
            documents.append(Document(root: root, isSound: isSound))
        }
    }

    /// The playbooks of a file.
    static func playbooks(in bytes: [UInt8], file: String) -> FileReading {
        FileReading(bytes, file: file, kind: "Playbook", shape: .playbook)
    }

    /// The playbook of that name, also where it has problems.
    func playbook(named name: String) -> Mapping? { documents.lazy.map(\.root).first { $0.playbookName == name } }

    // MARK: Kind

    /// The kinds of documents that exist; each has its own reader.
    private static let kinds = ["Playbook", "PlaybookTest", "Library", "Overlay", "Suppressions"]

    /// Whether a document claims to be of the wanted kind, or at least of none other.
    private mutating func isWanted(_ document: Node, kind wanted: String) -> Bool {
        guard case .mapping = document.content else {
            problems.append(
                Problem(
                    .wrongType, "a document must be a mapping with 'apiVersion' and 'kind', not \(document.formName)",
                    at: source.location(of: document)))
            return false
        }
        guard let node = document["kind"], let kind = node.text, kind != wanted else { return true }
        let location = source.location(of: node)
        if Self.kinds.contains(kind) {
            problems.append(
                Problem(
                    .otherKind, "a document of kind '\(kind)' is ignored where a \(wanted) is expected", at: location,
                    severity: .warning))
        } else {
            let nearest = nearestName(to: kind, among: [wanted])
            problems.append(
                Problem(
                    .otherKind,
                    "\(kind.quotedForMessage) is not a kind that can be read here; expected '\(wanted)'"
                        + didYouMean(nearest), at: location, suggestion: nearest))
        }
        return false
    }

    // MARK: What YAML allows and we do not

    /// Merge keys and tags of other schemas: readers disagree about them, so nothing may rest on them.
    private func addExcesses(of node: Node, to found: inout [Problem]) {
        if let tag = node.tag, !Self.coreTags.contains(tag) {
            found.append(
                Problem(
                    .customTag, "the tag \(tag.quotedForMessage) is not allowed; expected plain YAML",
                    at: source.location(node.span.start.offset..<node.span.start.offset)))
        }
        switch node.content {
        case .scalar: break
        case .sequence(let elements):
            let span = elements.span
            for index in span.indices where !span[index].isPlainScalar { addExcesses(of: span[index], to: &found) }
        case .mapping(let entries):
            let span = entries.span
            for index in span.indices {
                if case .scalar(let key) = span[index].key.content, key.style == .plain, key.text == "<<" {
                    found.append(
                        Problem(
                            .mergeKey, "the merge key '<<' is not allowed; write the keys out",
                            at: source.location(of: span[index].key)))
                }
                if !span[index].key.isPlainScalar { addExcesses(of: span[index].key, to: &found) }
                if !span[index].value.isPlainScalar { addExcesses(of: span[index].value, to: &found) }
            }
        }
    }

    private static let coreTags = Set(
        ["str", "int", "float", "bool", "null", "seq", "map"].map { "tag:yaml.org,2002:" + $0 })

    /// Lines that start with `%` where a document may begin.
    private func directives() -> [Problem] {
        let bytes = source.bytes
        var isInDocument = false
        var found: [Problem] = []
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        while start < bytes.count {
            var end = start
            while end < bytes.count, !bytes[end].isLineBreak { end += 1 }
            if end >= start + 3, (0..<3).allSatisfy({ bytes[start + $0] == UInt8(ascii: "-") }) {
                isInDocument = true
            } else if end == start + 3, (0..<3).allSatisfy({ bytes[start + $0] == UInt8(ascii: ".") }) {
                isInDocument = false
            } else if !isInDocument, end > start {
                if bytes[start] == UInt8(ascii: "%") {
                    found.append(
                        Problem(
                            .directive, "a YAML directive is not allowed; remove the line",
                            at: source.location(start..<end)))
                } else if let first = bytes[start..<end].first(where: { !$0.isBlank }), first != UInt8(ascii: "#") {
                    isInDocument = true
                }
            }
            start = end + 1
        }
        return found
    }
}

extension Mapping {
    /// Of a playbook's document.
    var playbookName: String? { node["metadata"]?["name"]?.text }
}

extension Node {
    /// Whether it is a scalar without a tag.
    fileprivate var isPlainScalar: Bool {
        if case .scalar = content { tag == nil } else { false }
    }
}

extension Problem {
    /// A problem of YAML's, in our words.
    package init(_ error: YAMLError, in source: SourceText) {
        let code: Code =
            switch error.code {
            case .syntax, .nonConforming: .syntax
            case .encoding: .encoding
            case .duplicateKey: .duplicateKey
            case .tooDeep, .tooLarge, .tooManyNodes, .tooManyAliases: .tooLarge
            case .unknownAnchor, .recursiveAnchor: .unknownAnchor
            case .tagMismatch: .wrongType
            case .misreadByLibYAML: .misreadYAML
            }
        self.init(code, error.message, at: source.location(error.mark.offset..<error.mark.offset))
    }
}
