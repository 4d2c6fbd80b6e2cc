internal import YAML

/// Reads a kubeconfig's YAML tree with the types of `clientcmd/api/v1`: what does not fit is told with its place, and
/// the rest is read on.
struct KubeconfigDecoder {
    struct Mismatch: Sendable {
        var path: String
        var message: String
        var line: Int
        var column: Int
    }

    private(set) var mismatches: [Mismatch] = []
    private let origin: String
    private let folder: String

    /// - Parameter workingDirectory: where a relative origin starts; `nil` where nobody knows.
    init(origin: String, workingDirectory: String?) {
        self.origin = origin
        folder = GoPath.resolve(GoPath.folder(of: origin), in: workingDirectory ?? ".")
    }

    mutating func clusters(_ node: Node?) -> [NamedCluster] {
        named(node, "clusters", "cluster") { decoder, name, body, path in
            var cluster = NamedCluster(name: name, origin: decoder.origin)
            guard let body else { return cluster }
            cluster.content = body.json
            cluster.isEmpty = body.keys.isEmpty
            cluster.server = decoder.string(body, "server", path)
            cluster.tlsServerName = decoder.string(body, "tls-server-name", path)
            cluster.proxyURL = decoder.string(body, "proxy-url", path)
            cluster.skipsVerification = decoder.bool(body, "insecure-skip-tls-verify", path)
            cluster.authority = decoder.material(body, "certificate-authority", path)
            for extension_ in decoder.list(body, "extensions", path) {
                let fields = Fields(extension_.node)
                guard fields?["name"]?.text == "client.authentication.k8s.io/exec" else { continue }
                cluster.pluginConfiguration = fields?["extension"].map(JSONText.write)
            }
            return cluster
        }
    }

    mutating func users(_ node: Node?) -> [NamedUser] {
        named(node, "users", "user") { decoder, name, body, path in
            var user = NamedUser(name: name, origin: decoder.origin)
            guard let body else { return user }
            user.content = body.json
            user.certificate = decoder.material(body, "client-certificate", path)
            user.key = decoder.material(body, "client-key", path)
            user.token = decoder.string(body, "token", path)
            user.tokenFile = GoPath.resolve(decoder.string(body, "tokenFile", path), in: decoder.folder)
            user.username = decoder.string(body, "username", path)
            user.password = decoder.string(body, "password", path)
            user.impersonation = decoder.impersonation(body, path)
            user.exec = decoder.exec(body, path)
            user.authProvider = decoder.authProvider(body, path)
            return user
        }
    }

    mutating func contexts(_ node: Node?) -> [NamedContext] {
        named(node, "contexts", "context") { decoder, name, body, path in
            var context = NamedContext(name: name, origin: decoder.origin)
            guard let body else { return context }
            context.content = body.json
            context.cluster = decoder.string(body, "cluster", path)
            context.user = decoder.string(body, "user", path)
            context.namespace = decoder.string(body, "namespace", path)
            return context
        }
    }

    /// A plain string at the top, such as `current-context`.
    mutating func topString(_ fields: Fields, _ key: String) -> String { string(fields, key, "") }
}

extension KubeconfigDecoder {
    /// A list of `{name:, KEY: {…}}`.
    ///
    /// A name that comes twice in one file is an error for client-go.
    private mutating func named<Entry>(
        _ node: Node?, _ listName: String, _ key: String,
        _ make: (inout KubeconfigDecoder, String, Fields?, String) -> Entry
    ) -> [Entry] {
        var names: Set<String> = []
        var entries: [Entry] = []
        for (index, item) in items(of: node, listName).enumerated() {
            let path = "\(listName)[\(index)]"
            guard let fields = fields(item, path) else { continue }
            let name = string(fields, "name", path)
            guard names.insert(name).inserted else {
                mismatch(item, path, "the name '\(name)' is there twice")
                continue
            }
            let body = fields[key].flatMap { self.fields($0, "\(path).\(key)") }
            entries.append(make(&self, name, body, "\(path).\(key)"))
        }
        return entries
    }

    private mutating func impersonation(_ body: Fields, _ path: String) -> Impersonation {
        var impersonation = Impersonation()
        impersonation.user = string(body, "as", path)
        impersonation.uid = string(body, "as-uid", path)
        impersonation.groups = strings(body, "as-groups", path)
        if let node = body["as-user-extra"], let extra = fields(node, "\(path).as-user-extra") {
            impersonation.extra = extra.keys.map { ($0, strings(extra, $0, "\(path).as-user-extra")) }
        }
        return impersonation
    }

    private mutating func exec(_ body: Fields, _ path: String) -> ExecConfiguration? {
        let path = "\(path).exec"
        guard let node = body["exec"], let fields = fields(node, path) else { return nil }
        var exec = ExecConfiguration()
        exec.command = string(fields, "command", path)
        // client-go leaves a command without a slash to PATH.
        if exec.command.contains("/") { exec.command = GoPath.resolve(exec.command, in: folder) }
        exec.arguments = strings(fields, "args", path)
        exec.apiVersion = string(fields, "apiVersion", path)
        exec.installHint = string(fields, "installHint", path)
        exec.providesClusterInfo = bool(fields, "provideClusterInfo", path)
        exec.interactiveMode = string(fields, "interactiveMode", path)
        // clientcmd/api/v1/defaults.go: only the old versions have a default.
        let old = ["client.authentication.k8s.io/v1beta1", "client.authentication.k8s.io/v1alpha1"]
        if exec.interactiveMode.isEmpty, old.contains(exec.apiVersion) { exec.interactiveMode = "IfAvailable" }
        for variable in list(fields, "env", path) {
            guard let pair = self.fields(variable.node, variable.path) else { continue }
            exec.environment.append((string(pair, "name", variable.path), string(pair, "value", variable.path)))
        }
        return exec
    }

    private mutating func authProvider(_ body: Fields, _ path: String) -> AuthProvider? {
        let path = "\(path).auth-provider"
        guard let node = body["auth-provider"], let fields = fields(node, path) else { return nil }
        var provider = AuthProvider(name: string(fields, "name", path))
        if let node = fields["config"], let settings = self.fields(node, "\(path).config") {
            for key in settings.keys { provider.configuration[key] = string(settings, key, "\(path).config") }
        }
        return provider
    }

    private mutating func material(_ body: Fields, _ key: String, _ path: String) -> Material {
        let data = string(body, "\(key)-data", path)
        if let node = body["\(key)-data"] {
            do throws(Base64.Failure) {
                _ = try Base64.decode(data)
            } catch {
                mismatch(node, "\(path).\(key)-data", "illegal base64 data at input byte \(error.offset)")
            }
        }
        return Material(data: data, file: GoPath.resolve(string(body, key, path), in: folder))
    }

    private mutating func string(_ fields: Fields, _ key: String, _ path: String) -> String {
        guard let node = fields[key] else { return "" }
        return string(node, path.isEmpty ? key : "\(path).\(key)")
    }

    private mutating func string(_ node: Node, _ path: String) -> String {
        guard case .scalar(let scalar) = node.content else {
            mismatch(node, path, "must be a text")
            return ""
        }
        switch node.jsonKind {
        case .string: return scalar.text
        case .null: return ""
        case .bool, .number:
            mismatch(node, path, "must be a text; put quotes around it")
            return scalar.text
        case .other:
            mismatch(node, path, "must be a text")
            return ""
        }
    }

    private mutating func bool(_ fields: Fields, _ key: String, _ path: String) -> Bool {
        guard let node = fields[key], let text = node.text else { return false }
        switch node.jsonKind {
        case .bool: return ["true", "yes", "on", "y"].contains(text.lowercased())
        case .null: return false
        case .string, .number, .other:
            mismatch(node, "\(path).\(key)", "must be true or false")
            return false
        }
    }

    private mutating func strings(_ fields: Fields, _ key: String, _ path: String) -> [String] {
        list(fields, key, path).map { string($0.node, $0.path) }
    }

    private mutating func list(_ fields: Fields, _ key: String, _ path: String) -> [(node: Node, path: String)] {
        let path = "\(path).\(key)"
        return items(of: fields[key], path).enumerated().map { ($1, "\(path)[\($0)]") }
    }

    private mutating func items(of node: Node?, _ path: String) -> [Node] {
        guard let node else { return [] }
        if case .sequence(let items) = node.content { return items }
        if node.jsonKind != .null { mismatch(node, path, "must be a list") }
        return []
    }

    private mutating func fields(_ node: Node, _ path: String) -> Fields? {
        if let fields = Fields(node) { return fields }
        if node.jsonKind != .null { mismatch(node, path, "must be a map of names to values") }
        return nil
    }

    private mutating func mismatch(_ node: Node, _ path: String, _ message: String) {
        let mark = node.span.start
        mismatches.append(Mismatch(path: path, message: message, line: mark.line, column: mark.column))
    }
}

/// The fields of a mapping; of a key that comes twice the last one counts, as in go-yaml.
struct Fields {
    private var nodes: [String: Node] = [:]
    private(set) var keys: [String] = []

    init?(_ node: Node) {
        guard case .mapping(let entries) = node.content else { return nil }
        for entry in entries {
            guard let key = entry.key.text else { continue }
            if nodes.updateValue(entry.value, forKey: key) == nil { keys.append(key) }
        }
    }

    subscript(key: String) -> Node? { nodes[key] }

    /// With its keys in order, to compare.
    var json: String {
        keys.sorted().map { "\(JSONText.quote($0)):\(nodes[$0].map(JSONText.write) ?? "null")" }.joined(separator: ",")
    }
}

/// What a scalar becomes when client-go turns YAML into JSON.
enum JSONKind { case string, null, bool, number, other }

extension Node {
    var text: String? {
        guard case .scalar(let scalar) = content else { return nil }
        return scalar.text
    }

    var jsonKind: JSONKind {
        guard case .scalar(let scalar) = content else { return .other }
        if tag == "tag:yaml.org,2002:str" || (tag == nil && scalar.style != .plain) { return .string }
        // go-yaml reads YAML 1.1, where these are booleans.
        if ["y", "n", "yes", "no", "on", "off"].contains(scalar.text.lowercased()) { return .bool }
        switch scalar.resolved {
        case .null: return .null
        case .bool: return .bool
        case .int, .uint, .double: return .number
        case .string: return .string
        }
    }
}
