internal import Archives
internal import CEL
internal import Facts

/// What Helm has installed, from the Secrets in which it keeps its releases.
///
/// Source: Helm 3, pkg/storage/driver: type `helm.sh/release.v1`, labels `name`, `owner`, `status`, `version`; the release
/// is JSON, packed, and base64 inside of the Secret's own base64. Values and manifests may hold secrets: they are
/// dropped as soon as the chart's name is read.
struct HelmReleasesCollector: Collector {
    /// Of a release's Secret (Kubernetes takes none above 1 MiB), and of what is packed in it.
    private static let mostPacked = 2 << 20
    private static let mostUnpacked = 64 << 20
    private static let pageSize = 250

    let declaration = Declaration(
        "helm.releases",
        summary: "Helm's releases: names, charts, versions and states; never values or manifests.",
        parameters: [
            .init("namespace", .string, "one namespace; default: the one of --namespace, else all; * means all")
        ],
        returns: .object([
            "releases": .list(
                .object([
                    "name": .string, "namespace": .string, "revision": .int, "revisions": .int, "status": .string,
                    "chart": .string, "chartVersion": .string, "appVersion": .string, "lastDeployed": .timestamp,
                ]))
        ]),
        fields: [
            "releases.status": "of the newest revision: deployed, failed, pending-install, pending-upgrade, …",
            "releases.revisions": "how many are kept",
            "releases.chart": "unknown where the Secret may not be read, or is not as Helm writes it",
        ],
        cost: .list, privileges: ["list and get secrets"],
        secrets: ["everything in the Secrets but the chart's name and version and the time"],
        asks: ["get,list:secrets"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        for verb in ["get", "list"] { try surroundings.mayAsk(verb, of: "secrets") }
        let query = try ObjectQuery(
            ["resource": .string("secrets"), "namespace": parameters["namespace"] ?? .string("")],
            defaultNamespace: surroundings.selection.namespace)
        let access = try await ServerAccess.authenticated(in: surroundings)
        return try await observe(query.namespace, access, in: surroundings)
    }

    func observe(
        _ namespace: String, _ access: ServerAccess, in surroundings: Surroundings, deadlineSeconds: Double? = nil
    ) async throws(Unknown) -> Observation {
        let scope = namespace.isEmpty ? "" : "/namespaces/\(namespace)"
        let path = "/api/v1\(scope)/secrets"
        let seconds = deadlineSeconds ?? surroundings.secondsLeft(or: 60)
        let client = APIClient(access, surroundings.effects, deadlineSeconds: seconds)
        let newest = try await newestRevisions(path, access, surroundings.effects, seconds)
        let values = await withTaskGroup(of: (Int, Value).self) { group in
            for (index, revision) in newest.enumerated() {
                group.addTask { (index, await Self.value(of: revision, client)) }
            }
            var found: [(Int, Value)] = []
            for await entry in group { found.append(entry) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
        return Observation(
            .map(["releases": .list(List(values))]),
            source: "GET \(access.shownURL)\(path)?fieldSelector=type=helm.sh/release.v1")
    }

    private struct Revision: Sendable {
        var secret: String
        var name: String
        var namespace: String
        var number: Int64
        var status: String
        var count = 1
    }

    /// From the labels alone: the server is asked for the objects' metadata only, so that no payload travels.
    private func newestRevisions(
        _ path: String, _ access: ServerAccess, _ effects: any Effects, _ deadlineSeconds: Double
    ) async throws(Unknown) -> [Revision] {
        var access = access
        access.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
        let client = APIClient(access, effects, deadlineSeconds: deadlineSeconds)
        let read = Projection(paths: ["metadata.name", "metadata.namespace", "metadata.labels.*"])
        let selectors = [("fieldSelector", "type=helm.sh/release.v1"), ("labelSelector", "owner=helm")]
        let listed = try await client.list(
            path, selectors.map { "\($0)=\(percentEncoded($1))" }, pageSize: Self.pageSize, of: "secrets",
            to: ObjectPages(path, reading: read, isSecret: true))
        var newest: [String: Revision] = [:]
        for item in listed.items {
            guard var revision = Self.revision(item) else { continue }
            let key = "\(revision.namespace)/\(revision.name)"
            if let known = newest[key] {
                if known.number > revision.number { revision = known }
                revision.count = known.count + 1
            }
            newest[key] = revision
        }
        return newest.sorted { $0.key < $1.key }.map(\.value)
    }

    private static func revision(_ item: Value) -> Revision? {
        let metadata = item[field: "metadata"]
        let labels = metadata?[field: "labels"]
        guard let secret = metadata?[field: "name"]?.text, let namespace = metadata?[field: "namespace"]?.text,
            let name = labels?[field: "name"]?.text, let number = labels?[field: "version"]?.text.flatMap({ Int64($0) })
        else { return nil }
        return Revision(
            secret: secret, name: name, namespace: namespace, number: number,
            status: labels?[field: "status"]?.text ?? "unknown")
    }

    private static func value(of revision: Revision, _ client: APIClient) async -> Value {
        var fields: [String: Value] = [
            "name": .string(revision.name), "namespace": .string(revision.namespace),
            "revision": .int(revision.number), "revisions": .int(Int64(revision.count)),
            "status": .string(revision.status),
        ]
        do throws(Unknown) {
            let path = "/api/v1/namespaces/\(revision.namespace)/secrets/\(revision.secret)"
            let secret = try await client.json(path, verb: "get", resource: "secrets")
            fields.merge(try chart(of: secret[field: "data"]?[field: "release"]?.text ?? "")) { $1 }
        } catch {
            for field in ["chart", "chartVersion", "appVersion", "lastDeployed"] { fields[field] = error.value }
        }
        return .map(Map(fields))
    }

    /// The errors say nothing of what was read.
    private static func chart(of text: String) throws(Unknown) -> [String: Value] {
        let malformed = Unknown(.malformed, "the release's Secret is not as Helm writes it")
        guard text.utf8.count <= mostPacked * 2, let outer = try? Base64.decode(text),
            let packed = try? Base64.decode(String(decoding: outer, as: UTF8.self))
        else { throw malformed }
        // Releases of Helm 2's time are not packed.
        let json = packed.starts(with: [0x1F, 0x8B]) ? try unpacked(packed) : packed
        guard let release = try? Value.parseJSON(json), let chart = release[field: "chart"]?[field: "metadata"] else {
            throw malformed
        }
        var fields: [String: Value] = [:]
        for (field, name) in [("chart", "name"), ("chartVersion", "version"), ("appVersion", "appVersion")] {
            fields[field] = chart[field: name]?.text.map(Value.string)
        }
        fields["lastDeployed"] = release[field: "info"]?.time("last_deployed")
        return fields
    }

    private static func unpacked(_ packed: [UInt8]) throws(Unknown) -> [UInt8] {
        var bytes: [UInt8] = []
        do throws(ArchiveError) {
            let inflater = try Inflater(limit: mostUnpacked)
            try unsafe inflater.inflate(packed) { (piece) throws(ArchiveError) in unsafe bytes.append(contentsOf: piece)
            }
            guard inflater.isAtEnd else { throw ArchiveError(.damaged, "the release is cut off") }
        } catch {
            throw Unknown(.malformed, "the release's Secret cannot be unpacked")
        }
        return bytes
    }
}
