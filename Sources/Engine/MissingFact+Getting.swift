internal import CEL
internal import Facts
internal import Playbooks

extension Scope {
    /// The missing thing with what it needs and the command that gets it.
    func missing(_ attribute: UnknownAttribute, name: String) -> MissingFact {
        var missing = MissingFact(
            fact: name, reason: attribute.reason, detail: attribute.detail, hint: attribute.hint, origin: name, cost: -1
        )
        switch attribute.path.first {
        case "inputs" where attribute.path.count > 1:
            missing.command = run(["--input", "\(attribute.path[1])=VALUE"])
        case "platform": missing.command = run(["--platform", "NAME"])
        case "facts" where attribute.path.count > 1: addFact(attribute.path[1], to: &missing)
        default: break
        }
        return missing
    }

    private func addFact(_ name: String, to missing: inout MissingFact) {
        guard let declared = playbook.facts.first(where: { $0.name == name }),
            let declaration = memory.catalogue[declared.collector]?.declaration
        else { return }
        missing.cost = declaration.cost.rawValue
        missing.origin = declared.collector
        var arguments: [String]?
        if let key = key(of: name) {
            missing.origin = "\(key.collector) \(key.parameters)"
            arguments = Self.arguments(key)
        }
        missing.needs = declaration.privileges.map { $0.needed(with: arguments ?? []) }
        missing.command = command(
            Unknown.Reason(rawValue: missing.reason), declared.collector, arguments, declaration.cost)
        // What a library may do is not for a flag to say; the hint tells who does.
        if missing.reason == Unknown.Reason.notAllowed.rawValue, !askers(of: declared).isEmpty { missing.command = [] }
    }

    /// What was asked, or would be; `nil` where its parameters are not known.
    private func key(of name: String) -> Fact.Key? {
        switch state(of: name) {
        case .had(let fact): fact.key
        case .wanted(let request): request.key
        case .waiting, .impossible, nil: nil
        }
    }

    /// - Parameter arguments: `nil` where the fact's parameters need something else first: then the playbook asks.
    private func command(
        _ reason: Unknown.Reason?, _ collector: String, _ arguments: [String]?, _ cost: Declaration.Cost
    ) -> [String] {
        let collect = arguments.map { Self.collecting(collector, $0) } ?? run([])
        switch reason {
        case .inputMissing, .notApplicable, .redacted: return []
        case .notCollected: return ["triage", "collect", "-o", "facts.json", playbook.name]
        case .noKubeconfig: return collect + ["--kubeconfig", "PATH"]
        case .timedOut: return collect + ["--timeout", "120"]
        case .notAllowed: return collect + ["--allow-commands"]
        case .needsRoot: return ["sudo"] + collect
        // What the operating system refuses root may; what a server refuses it may not.
        case .denied: return cost <= .command ? ["sudo"] + collect : collect
        case .notFound, .unreachable, .truncated, .malformed, nil: return collect
        }
    }

    /// The command that collects the fact by itself.
    func collecting(_ key: Fact.Key) -> [String] { Self.collecting(key.collector, Self.arguments(key)) }

    private static func collecting(_ collector: String, _ arguments: [String]) -> [String] {
        ["triage", "facts", "collect", collector] + arguments
    }

    private func run(_ options: [String]) -> [String] { ["triage", "run", playbook.name] + options }

    /// The parameters as `triage facts collect` takes them.
    private static func arguments(_ key: Fact.Key) -> [String] {
        guard case .map(let map)? = try? Value.parseJSON(key.parameters) else { return [] }
        return map.entries.flatMap { ["--with", "\($0.key.text)=\($0.value.text)"] }
    }
}

extension Declaration.Privilege {
    /// `get and list the resource` is `get and list pods` where that is what was asked.
    fileprivate func needed(with arguments: [String]) -> String {
        func parameter(_ names: String...) -> String? {
            for name in names {
                if let found = arguments.first(where: { $0.hasPrefix(name + "=") }) {
                    return String(found.dropFirst(name.count + 1))
                }
            }
            return nil
        }
        return text.replacing("the resource", with: parameter("resource") ?? "the resource")
            .replacing("read the file", with: "read " + (parameter("path", "file") ?? "the file"))
    }
}
