internal import CEL

/// What can be said of a playbook without compiling it: enough to list it, to find it and to see whether it takes part.
package struct PlaybookOutline: Sendable, Hashable {
    package struct Symptom: Sendable, Hashable {
        package enum Kind: Sendable, Hashable { case text, regex }

        package var kind: Kind
        /// As written.
        package var source: String

        package init(kind: Kind, source: String) {
            self.kind = kind
            self.source = source
        }
    }

    package struct Input: Sendable, Hashable {
        package var name: String
        package var kind: Playbooks.Input.Kind
    }

    package struct Cause: Sendable, Hashable {
        package var id: String
        package var title: String
        package var explains: [String]
    }

    package var name: String
    package var title: String
    package var version: String
    package var severity: Playbook.Severity
    package var tags: [String]
    package var symptoms: [Symptom]
    package var inputs: [Input]
    package var causes: [Cause]
    /// `playbook/cause` of others that it asks about.
    package var asks: [String]
    /// The remedies' titles, to search them.
    package var remedies: [String]
    package var file: String
    /// The files of the overlays that have changed it.
    package var overlays: [String] = []

    package init(_ playbook: Playbook) {
        name = playbook.name
        title = playbook.title
        version = playbook.version
        severity = playbook.severity
        tags = playbook.tags
        symptoms = playbook.symptoms.map {
            switch $0 {
            case .text(let text): Symptom(kind: .text, source: text)
            case .regex(let pattern): Symptom(kind: .regex, source: pattern.source)
            }
        }
        inputs = playbook.inputs.map { Input(name: $0.name, kind: $0.kind) }
        causes = playbook.causes.map { Cause(id: $0.id, title: $0.title, explains: $0.explains) }
        asks = playbook.asks
        remedies = playbook.remedies.map(\.title)
        file = playbook.file
        overlays = playbook.overlays
    }
}

// MARK: - In an index

extension PlaybookOutline {
    /// Everything but the files, which the index tells by its place among the sources.
    func write(to writer: inout IndexWriter) {
        writer.add(name)
        writer.add(title)
        writer.add(version)
        writer.add(severity.rawValue)
        writer.add(list: tags) { $0.add($1) }
        writer.add(list: symptoms) { writer, symptom in
            writer.add(symptom.kind == .regex ? 1 : 0)
            writer.add(symptom.source)
        }
        writer.add(list: inputs) { writer, input in
            writer.add(input.name)
            writer.add(input.kind.rawValue)
        }
        writer.add(list: causes) { writer, cause in
            writer.add(cause.id)
            writer.add(cause.title)
            writer.add(list: cause.explains) { $0.add($1) }
        }
        writer.add(list: asks) { $0.add($1) }
        writer.add(list: remedies) { $0.add($1) }
    }

    init(from reader: inout IndexReader, file: String) throws(MalformedIndex) {
        name = try reader.text()
        title = try reader.text()
        version = try reader.text()
        severity = try reader.choice()
        tags = try reader.texts()
        symptoms = try reader.list { reader throws(MalformedIndex) in
            Symptom(kind: try reader.number() == 1 ? .regex : .text, source: try reader.text())
        }
        inputs = try reader.list { reader throws(MalformedIndex) in
            Input(name: try reader.text(), kind: try reader.choice())
        }
        causes = try reader.list { reader throws(MalformedIndex) in
            Cause(id: try reader.text(), title: try reader.text(), explains: try reader.texts())
        }
        asks = try reader.texts()
        remedies = try reader.texts()
        self.file = file
    }
}
