internal import CEL
internal import Facts
internal import YAML

/// How the API server of this machine is set to tell who asks.
struct APIServerAuthenticationCollector: Collector {
    static let manifest = "/etc/kubernetes/manifests/kube-apiserver.yaml"

    let declaration = Declaration(
        "apiserver.authentication",
        summary:
            "How the API server of this control plane node is set to tell who asks: its manifest, else its process.",
        parameters: [
            .init("manifest", .string, "the manifest's path", defaultValue: .string(Self.manifest), names: .file)
        ],
        returns: .object([
            "clientCAFile": .string, "serviceAccountIssuers": .list(.string), "apiAudiences": .list(.string),
            "jwtIssuers": .list(.object(["url": .string, "audiences": .list(.string)])),
            "authenticationConfig": .string, "anonymousAuth": .bool,
        ]),
        fields: [
            "jwtIssuers": "from --oidc-issuer-url and --oidc-client-id, or the file of --authentication-config",
            "apiAudiences": "absent where --api-audiences is not set: the issuers stand for it",
        ],
        cost: .file, privileges: ["read /etc/kubernetes (root, on a control plane node)"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let path = parameters["manifest"].text ?? Self.manifest
        let (flags, source) = try await setting(path, in: surroundings)
        var values: [String: Value] = [
            "serviceAccountIssuers": .texts(flags["service-account-issuer"] ?? []),
            "anonymousAuth": .bool(flags["anonymous-auth"]?.last != "false"),
        ]
        values["clientCAFile"] = flags["client-ca-file"]?.last.map(Value.string)
        values["apiAudiences"] = flags["api-audiences"].map { lists in
            .texts(lists.flatMap { $0.split(separator: ",") }.map(String.init))
        }
        if let file = flags["authentication-config"]?.last {
            values["authenticationConfig"] = .string(file)
            do throws(Unknown) {
                values["jwtIssuers"] = Self.issuers(of: try await document(file, in: surroundings))
            } catch {
                values["jwtIssuers"] = error.value
            }
        } else {
            let issuer = flags["oidc-issuer-url"]?.last
            values["jwtIssuers"] = .list(
                List(issuer.map { [Self.issuer($0, flags["oidc-client-id"]?.suffix(1).map { $0 } ?? [])] } ?? []))
        }
        return Observation(.map(Map(values)), source: source)
    }

    /// Of the static pod; where there is none, of a kube-apiserver that runs as a plain process.
    private func setting(
        _ path: String, in surroundings: Surroundings
    ) async throws(Unknown) -> (flags: [String: [String]], source: String) {
        let missing: Unknown
        do throws(Unknown) {
            return (try Self.flags(of: try await document(path, in: surroundings), path: path), path)
        } catch {
            guard error.reason == .notFound else { throw error }
            missing = error
        }
        let processes = await attempt { () async throws(Unknown) in try await RunningProcess.all(in: surroundings) }
        guard case .success(let running) = processes,
            let server = running.first(where: { $0.name == "kube-apiserver" })
        else { throw missing }
        return (Flags(server.arguments.dropFirst()).values, "/proc/\(server.pid)/cmdline")
    }

    private func document(_ path: String, in surroundings: Surroundings) async throws(Unknown) -> Node {
        let bytes: [UInt8]
        do throws(Unknown) {
            bytes = try await surroundings.effects.readFile(path, limit: 1 << 20)
        } catch  where error.reason == .notFound {
            throw Unknown(.notFound, "\(path) does not exist", hint: "run this on a control plane node")
        }
        let result = YAML.parse(bytes, limits: .kubeconfig)
        guard let document = result.documents.first, result.errors.isEmpty else {
            throw Unknown(.malformed, "\(path) is no YAML")
        }
        return document
    }

    /// The flags of the first container, each with its values in order.
    static func flags(of pod: Node, path: String) throws(Unknown) -> [String: [String]] {
        guard case .sequence(let containers) = pod["spec"]?["containers"]?.content, let container = containers.first
        else { throw Unknown(.malformed, "\(path) is no pod") }
        var flags: [String: [String]] = [:]
        for field in ["command", "args"] {
            guard case .sequence(let words) = container[field]?.content else { continue }
            for word in words.compactMap(\.text) where word.hasPrefix("--") {
                let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                flags[String(parts[0]), default: []].append(parts.count > 1 ? String(parts[1]) : "true")
            }
        }
        return flags
    }

    /// Of an AuthenticationConfiguration.
    static func issuers(of configuration: Node) -> Value {
        guard case .sequence(let entries) = configuration["jwt"]?.content else { return .list([]) }
        return .list(
            List(
                entries.compactMap { entry in
                    guard let issuer = entry["issuer"], let url = issuer["url"]?.text else { return nil }
                    guard case .sequence(let audiences) = issuer["audiences"]?.content else {
                        return Self.issuer(url, [])
                    }
                    return Self.issuer(url, audiences.compactMap(\.text))
                }))
    }

    private static func issuer(_ url: String, _ audiences: [String]) -> Value {
        .map(["url": .string(url), "audiences": .texts(audiences)])
    }
}
