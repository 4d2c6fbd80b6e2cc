internal import CEL
internal import YAML

extension OverlaidDocument {
    /// Puts what `use` names into the document, with all that it reads.
    ///
    /// What the playbook has itself by one of these names is taken instead. Returns the files that parts came from.
    mutating func borrow(from neighbours: Neighbours) -> [String] {
        var files: [String] = []
        for entry in Mapping(root["spec"]?["use"])?.entries ?? [] {
            guard entry.key != root["metadata"]?["name"]?.text,
                let lender = neighbours.playbook(entry.key, beside: source.file)
            else {
                problems.append(
                    Problem(
                        .unknownPlaybook, "there is no playbook \(entry.key.quotedForMessage) beside this one to use",
                        at: source.location(of: entry.keyNode)))
                continue
            }
            files.append(lender.source.file)
            let shift = source.append(lender.source)
            guard let parts = Mapping(lender.root.shifted(by: shift))?.mapping("spec") else { continue }
            for node in entry.value.elements ?? [] { take(node, of: parts, from: entry.key) }
        }
        return files
    }

    private mutating func take(_ node: Node, of lender: Mapping, from playbook: String) {
        guard let name = node.text else { return }
        let cause = lender.elements("causes").lazy.compactMap { Mapping($0) }.first { $0.text("id") == name }
        if lender.mapping("define")?[name] != nil {
            add(name, to: "define", of: lender)
        } else if lender.mapping("remedies")?[name] != nil {
            add(name, to: "remedies", of: lender)
        } else if let cause, let id = cause["id"], let condition = cause["when"] {
            addCondition(of: id, name: name.replacing("-", with: "_"), condition, lender)
        } else {
            let known =
                ["define", "remedies"].flatMap { lender.mapping($0)?.entries.map(\.key) ?? [] }
                + lender.elements("causes").compactMap { Mapping($0)?.text("id") }
            let nearest = nearestName(to: name, among: known)
            problems.append(
                Problem(
                    .undeclaredName,
                    "the playbook '\(playbook)' has no definition, remedy or cause \(name.quotedForMessage)"
                        + didYouMean(nearest), at: source.location(of: node), suggestion: nearest))
        }
    }

    /// A cause is taken over as a definition that says whether it holds.
    private mutating func addCondition(of id: Node, name: String, _ condition: Node, _ lender: Mapping) {
        guard !has(name, in: "define") else { return }
        var key = id
        if case .scalar(var scalar) = key.content {
            scalar.text = name
            key.content = .scalar(scalar)
        }
        insert(name, key, condition, into: "define")
        addReads(of: condition, isExpression: true, from: lender)
    }

    private mutating func add(_ name: String, to section: String, of lender: Mapping) {
        guard !has(name, in: section), let parts = lender.mapping(section), let value = parts[name],
            let keyNode = parts.keyNode(name)
        else { return }
        insert(name, keyNode, value, into: section)
        addReads(of: value, isExpression: section == "define", from: lender)
    }

    private func has(_ name: String, in section: String) -> Bool {
        root["spec"]?[section]?[name] != nil
    }

    private mutating func insert(_ name: String, _ keyNode: Node, _ value: Node, into section: String) {
        root.update(["spec"]) { specification in
            var parts = specification[section] ?? Node(content: .mapping([]), span: value.span)
            parts.set(name, keyNode, value)
            var sectionKey = keyNode
            if case .scalar(var scalar) = sectionKey.content {
                scalar.text = section
                sectionKey.content = .scalar(scalar)
            }
            specification.set(section, sectionKey, parts)
        }
    }

    private mutating func addReads(of node: Node, isExpression: Bool, from lender: Mapping) {
        var reads = NamesRead()
        reads.collect(node, isExpression: isExpression)
        for name in reads.names.sorted() { add(name, to: "define", of: lender) }
        for name in reads.facts.sorted() { add(name, to: "facts", of: lender) }
        for name in reads.inputs.sorted() { add(name, to: "inputs", of: lender) }
    }
}

// MARK: - What is read

/// The names that a part of a playbook may read, by its text: one too many does no harm.
private struct NamesRead {
    var names: Set<String> = []
    var facts: Set<String> = []
    var inputs: Set<String> = []

    /// - Parameter isExpression: whether a text is CEL as a whole, and not only where it stands in `{{ }}`.
    mutating func collect(_ node: Node, isExpression: Bool) {
        switch node.content {
        case .scalar(let scalar):
            if isExpression {
                collect(scalar.text[...])
            } else {
                for hole in scalar.text.split(separator: "{{").dropFirst(scalar.text.hasPrefix("{{") ? 0 : 1) {
                    collect(hole.split(separator: "}}").first ?? "")
                }
            }
        case .sequence(let elements): for element in elements { collect(element, isExpression: isExpression) }
        case .mapping(let entries):
            for entry in entries {
                collect(entry.value, isExpression: isExpression || ["when", "verify"].contains(entry.key.scalar?.text))
            }
        }
    }

    private mutating func collect(_ expression: Substring) {
        var owner: Substring?
        var rest = expression
        while let first = rest.first {
            if first == "'" || first == "\"" {
                rest = Self.behindText(rest)
            } else if first.isLetter || first == "_" {
                let word = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
                rest = rest[word.endIndex...]
                switch owner {
                case nil: names.insert(String(word))
                case "facts": facts.insert(String(word))
                case "inputs": inputs.insert(String(word))
                default: break
                }
                owner = rest.first == "." ? word : nil
                if owner != nil { rest = rest.dropFirst() }
            } else {
                owner = first == "." ? "" : nil
                rest = rest.dropFirst()
            }
        }
    }

    /// What stands behind a text in quotes.
    private static func behindText(_ text: Substring) -> Substring {
        var rest = text.dropFirst()
        while let next = rest.first {
            rest = rest.dropFirst(next == "\\" ? 2 : 1)
            if next == text.first { break }
        }
        return rest
    }
}
