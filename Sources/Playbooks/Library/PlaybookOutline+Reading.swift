internal import YAML

extension PlaybookOutline {
    /// Of a document whose form has been checked: the same as of the playbook that is made of it, with nothing compiled.
    ///
    /// `nil` where what a playbook cannot be without is missing.
    init?(of document: Node, file: String) {
        guard let metadata = document.child("metadata"), let name = metadata.child("name")?.text,
            let title = metadata.child("title")?.text, let version = metadata.child("version")?.scalar?.text,
            let severity = metadata.child("severity")?.text.flatMap(Playbook.Severity.init)
        else { return nil }
        self.name = name
        self.title = title
        self.version = version
        self.severity = severity
        self.file = file
        tags = metadata.child("tags").texts
        let specification = document.child("spec")
        symptoms = (specification?.child("symptoms")?.elements ?? []).flatMap(Symptom.all)
        inputs = (specification?.child("inputs")?.namedChildren ?? []).map { name, value in
            Input(name: name, kind: value.child("type")?.text.flatMap(Playbooks.Input.Kind.init) ?? .string)
        }
        causes = (specification?.child("causes")?.elements ?? []).compactMap { Cause(of: $0, in: name) }
        asks = specification?.child("asks").texts ?? []
        remedies = (specification?.child("remedies")?.namedChildren ?? []).map { id, value in
            value.child("title")?.text ?? id
        }
    }
}

extension PlaybookOutline.Symptom {
    fileprivate static func all(in node: Node) -> [Self] {
        var all: [Self] = []
        if let text = node.child("text")?.text, !text.isBlank { all.append(Self(kind: .text, source: text)) }
        if let text = node.child("regex")?.text, !text.isBlank { all.append(Self(kind: .regex, source: text)) }
        return all
    }
}

extension PlaybookOutline.Cause {
    fileprivate init?(of node: Node, in playbook: String) {
        guard let id = node.child("id")?.text else { return nil }
        self.id = id
        title = node.child("title")?.text ?? id
        explains = node.child("explains").texts.map { $0.qualifiedAsCause(of: playbook) }
    }
}

extension String {
    /// `playbook/cause` also where the text has only `cause`.
    func qualifiedAsCause(of playbook: String?) -> String {
        guard let playbook, !utf8.contains(UInt8(ascii: "/")) else { return self }
        return "\(playbook)/\(self)"
    }
}

extension Node? {
    fileprivate var texts: [String] { self?.elements?.compactMap(\.text) ?? [] }
}

extension Node {
    /// The value under a key; what `Mapping` gives, without making one.
    func child(_ key: String) -> Node? {
        guard case .mapping(let entries) = content else { return nil }
        for entry in entries {
            if case .scalar(let scalar) = entry.key.content, scalar.text == key { return entry.value }
        }
        return nil
    }

    /// Names of the file's own choice with what is a mapping under them.
    fileprivate var namedChildren: [(name: String, value: Node)] {
        (Mapping(self)?.entries ?? []).compactMap { entry in
            if case .mapping = entry.value.content { (entry.key, entry.value) } else { nil }
        }
    }
}
