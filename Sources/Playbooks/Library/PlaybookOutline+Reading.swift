internal import YAML

extension PlaybookOutline {
    /// Of a document whose form has been checked: the same as of the playbook that is made of it, with nothing compiled.
    ///
    /// `nil` where what a playbook cannot be without is missing.
    init?(of document: Node, file: String) {
        guard let metadata = document["metadata"], let name = metadata["name"]?.text,
            let title = metadata["title"]?.text, let version = metadata["version"]?.scalar?.text,
            let severity = metadata["severity"]?.text.flatMap(Playbook.Severity.init)
        else { return nil }
        self.name = name
        self.title = title
        self.version = version
        self.severity = severity
        self.file = file
        tags = metadata["tags"].texts
        let specification = document["spec"]
        symptoms = (specification?["symptoms"]?.elements ?? []).flatMap(Symptom.all)
        inputs = (specification?["inputs"]?.namedChildren ?? []).map { name, value in
            Input(name: name, kind: value["type"]?.text.flatMap(Playbooks.Input.Kind.init) ?? .string)
        }
        causes = (specification?["causes"]?.elements ?? []).compactMap { Cause(of: $0, in: name) }
        asks = specification?["asks"].texts ?? []
        remedies = (specification?["remedies"]?.namedChildren ?? []).map { id, value in
            value["title"]?.text ?? id
        }
    }
}

extension PlaybookOutline.Symptom {
    fileprivate static func all(in node: Node) -> [Self] {
        var all: [Self] = []
        if let text = node["text"]?.text, !text.isBlank { all.append(Self(kind: .text, source: text)) }
        if let text = node["regex"]?.text, !text.isBlank { all.append(Self(kind: .regex, source: text)) }
        return all
    }
}

extension PlaybookOutline.Cause {
    fileprivate init?(of node: Node, in playbook: String) {
        guard let id = node["id"]?.text else { return nil }
        self.id = id
        title = node["title"]?.text ?? id
        explains = node["explains"].texts.map { $0.qualifiedAsCause(of: playbook) }
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
    /// Names of the file's own choice with what is a mapping under them.
    fileprivate var namedChildren: [(name: String, value: Node)] {
        (Mapping(self)?.entries ?? []).compactMap { entry in
            if case .mapping = entry.value.content { (entry.key, entry.value) } else { nil }
        }
    }
}
