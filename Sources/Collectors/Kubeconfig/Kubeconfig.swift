internal import Facts

/// The kubeconfig as client-go loads it (`clientcmd/loader.go`): merged, the first file wins; with its secrets, so it
/// never becomes a fact as it is.
struct Kubeconfig: Sendable {
    enum Source: String, Sendable, CaseIterable { case flag, variable = "KUBECONFIG", home = "default" }

    var source: Source
    var files: [KubeconfigFile]
    var clusters: [NamedCluster] = []
    var users: [NamedUser] = []
    var contexts: [NamedContext] = []
    var currentContext = ""
    /// The one asked for on the command line; empty where none was.
    var requestedContext = ""
    /// Names of which a later file holds a different definition that is not used.
    var hidden: [String] = []

    var contextName: String { requestedContext.isEmpty ? currentContext : requestedContext }
    var context: NamedContext? { contexts.first { $0.name == contextName } }
    var cluster: NamedCluster? { context.flatMap { context in clusters.first { $0.name == context.cluster } } }
    var user: NamedUser? { context.flatMap { context in users.first { $0.name == context.user } } }

    /// client-go refuses the whole when one file that exists has a fault; a missing one only where it was asked for.
    var isLoaded: Bool {
        files.contains { $0.isLoaded } && !files.contains { $0.kind != .missing && !$0.isLoaded }
    }
    var isEmpty: Bool { clusters.isEmpty && users.isEmpty && contexts.isEmpty && currentContext.isEmpty }

    /// Why nobody can tell what the merged kubeconfig holds, where a file of it could not be read.
    var obstacle: Unknown? {
        for file in files {
            if let unknown = file.unknown { return unknown }
            if file.kind == .denied || (file.kind == .regular && !file.isReadable) {
                return Unknown(.denied, "\(file.path) may not be read", hint: "ls -l \(file.path)")
            }
            if let error = file.parseError {
                return Unknown(.malformed, "\(file.path):\(error.line):\(error.column): \(error.message)")
            }
        }
        return nil
    }

    init(source: Source, files: [KubeconfigFile], requestedContext: String = "") {
        self.source = source
        self.files = files
        self.requestedContext = requestedContext
        for file in files where file.isParsed {
            if currentContext.isEmpty { currentContext = file.currentContext }
            merge(file.clusters, into: \.clusters, name: \.name, content: \.content, kind: "cluster")
            merge(file.users, into: \.users, name: \.name, content: \.content, kind: "user")
            merge(file.contexts, into: \.contexts, name: \.name, content: \.content, kind: "context")
        }
    }

    private mutating func merge<Entry>(
        _ entries: [Entry], into list: WritableKeyPath<Kubeconfig, [Entry]>, name: KeyPath<Entry, String>,
        content: KeyPath<Entry, String>, kind: String
    ) {
        for entry in entries {
            guard let used = self[keyPath: list].first(where: { $0[keyPath: name] == entry[keyPath: name] }) else {
                self[keyPath: list].append(entry)
                continue
            }
            let words = "\(kind) \(entry[keyPath: name])"
            if used[keyPath: content] != entry[keyPath: content], !hidden.contains(words) { hidden.append(words) }
        }
    }

    /// Reads it once a diagnosis.
    static func load(in surroundings: Surroundings) async -> Kubeconfig {
        let loaded = try? await surroundings.cache.value("kubeconfig") { await read(in: surroundings) }
        guard let loaded else { return await read(in: surroundings) }
        return loaded
    }

    private static func read(in surroundings: Surroundings) async -> Kubeconfig {
        let (source, paths) = paths(in: surroundings)
        var files: [KubeconfigFile] = []
        for path in paths { files.append(await KubeconfigFile.read(path, in: surroundings)) }
        return Kubeconfig(source: source, files: files, requestedContext: surroundings.selection.context ?? "")
    }

    /// `--kubeconfig`, else the list in KUBECONFIG without repetitions, else `~/.kube/config`.
    static func paths(in surroundings: Surroundings) -> (source: Source, paths: [String]) {
        if let flag = surroundings.selection.kubeconfig, !flag.isEmpty { return (.flag, [content(flag) ?? flag]) }
        if let list = surroundings.environment["KUBECONFIG"], !list.isEmpty {
            if let content = content(list) { return (.variable, [content]) }
            var seen: Set<Substring> = []
            let paths = list.split(separator: ":").filter { seen.insert($0).inserted }.map(String.init)
            return (.variable, paths)
        }
        return (.home, [surroundings.homeDirectory + "/.kube/config"])
    }

    /// What to call a kubeconfig's own text where its path belongs, as a CI system's variable often has it: it holds
    /// secrets, and a path is shown.
    static func content(_ text: String) -> String? {
        guard text.utf8.count > 40 else { return nil }
        let plain = (try? Base64.decode(text)).map { String(decoding: $0, as: UTF8.self) } ?? text
        // A path has neither; names of files do hold the words below.
        guard plain.contains(where: \.isNewline) || plain.contains("{") || plain.contains(": ") else { return nil }
        guard plain.contains("clusters"), plain.contains("apiVersion") || plain.contains("server") else { return nil }
        let encoding = plain == text ? "" : " in base64"
        return "(the text of a kubeconfig\(encoding), \(text.utf8.count) bytes, instead of a path)"
    }

    static func source(in surroundings: Surroundings) -> String {
        paths(in: surroundings).paths.joined(separator: ":")
    }

    /// `rest.InClusterConfig` is tried when nothing else gives a server: these variables and the token must be there.
    static func isInCluster(_ surroundings: Surroundings) async -> Bool {
        guard let host = surroundings.environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty,
            let port = surroundings.environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty
        else { return false }
        let status = try? await surroundings.effects.status(of: PodServiceAccount.directory + "/token")
        return status.map { $0.kind != .directory } ?? false
    }

    /// What kubectl talks to where no server comes out of the kubeconfig.
    static func defaultServer(_ surroundings: Surroundings) -> String {
        let master = surroundings.environment["KUBERNETES_MASTER"] ?? ""
        return master.isEmpty ? "http://localhost:8080" : master
    }
}
