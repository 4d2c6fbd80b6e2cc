/// The least that a role must grant for the requests to be answered: get and list, nothing else.
package struct ClusterAccess: Sendable {
    private struct Resource: Hashable, Comparable {
        var group: String
        /// With its subresource: `pods/log`.
        var name: String
        var verb: String
        /// Of the one object that is asked for; empty: of all.
        var object = ""

        static func < (left: Resource, right: Resource) -> Bool {
            (left.group, left.object, left.verb, left.name) < (right.group, right.object, right.verb, right.name)
        }
    }

    /// In a request, stands for whatever name.
    package static let anyName = "any-name"

    /// In which namespaces each is asked for; the empty one stands for all of them.
    private var namespaces: [Resource: Set<String>] = [:]
    private var urls: Set<String> = []

    package init(_ asks: some Sequence<PlannedAsk>) {
        for case .request(let target) in asks { add(target) }
    }

    private mutating func add(_ target: String) {
        let path = String(target.prefix { $0 != "?" })
        guard let query = CapturedQuery(path, [:]) else {
            // Discovery of a resource goes below both roots.
            urls.formUnion(path == "/api" || path == "/apis" ? [path, path + "/*"] : [path])
            return
        }
        var resource = Resource(
            group: query.group, name: query.isLog ? query.plural + "/log" : query.plural,
            verb: query.name.isEmpty ? "list" : "get", object: query.isLog ? "" : query.name)
        // RBAC lets a list be bound to one name where the request selects by that name.
        let selector = "fieldSelector=metadata.name%3D"
        if let part = target.split(whereSeparator: { $0 == "?" || $0 == "&" }).first(where: { $0.hasPrefix(selector) })
        {
            let name = part.dropFirst(selector.count)
            if !name.contains("%") { resource.object = String(name) }
        }
        if resource.object == Self.anyName { resource.object = "" }
        namespaces[resource, default: []].insert(query.namespace == Self.anyName ? "" : query.namespace)
    }

    /// What a rule is for; resources that are alike in all of it share one.
    private struct Rule: Hashable, Comparable {
        var group: String
        var object: String
        var verb: String
        var namespaces: [String]

        static func < (left: Rule, right: Rule) -> Bool {
            (left.object, left.group, left.namespaces.joined(separator: ","), left.verb)
                < (right.object, right.group, right.namespaces.joined(separator: ","), right.verb)
        }
    }

    /// A ClusterRole as YAML.
    package func clusterRole(name: String, comments: [String]) -> String {
        var lines = comments.map { "# \($0)" }
        lines += ["apiVersion: rbac.authorization.k8s.io/v1", "kind: ClusterRole", "metadata:", "  name: \(name)"]
        guard !namespaces.isEmpty || !urls.isEmpty else { return lines.joined(separator: "\n") + "\nrules: []\n" }
        lines.append("rules:")
        let rules = Dictionary(grouping: namespaces.keys) { resource in
            let places = namespaces[resource] ?? []
            return Rule(
                group: resource.group, object: resource.object, verb: resource.verb,
                namespaces: places.contains("") ? [] : places.sorted())
        }
        for (rule, resources) in rules.sorted(by: { $0.key < $1.key }) {
            if !rule.namespaces.isEmpty {
                lines.append("# only in \(rule.namespaces.joined(separator: ", ")): a Role there would do")
            }
            lines += ["- apiGroups: [\"\(rule.group)\"]", "  resources: \(list(resources.map(\.name).sorted()))"]
            if !rule.object.isEmpty { lines.append("  resourceNames: \(list([rule.object]))") }
            lines.append("  verbs: [\(rule.verb)]")
        }
        if !urls.isEmpty { lines += ["- nonResourceURLs: \(list(urls.sorted()))", "  verbs: [get]"] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Names of the API hold nothing that needs escaping in quotes.
    private func list(_ texts: [String]) -> String { "[" + texts.map { "\"\($0)\"" }.joined(separator: ", ") + "]" }
}
