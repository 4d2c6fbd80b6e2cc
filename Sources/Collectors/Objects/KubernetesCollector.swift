internal import CEL
internal import Facts

/// Any resource of the cluster, by REST.
struct KubernetesCollector: Collector {
    private static let pageSize = 500

    let declaration = Declaration(
        "kubernetes",
        summary: "Objects of any resource of the cluster, all of them or the selected ones.",
        parameters: [
            .init(
                "resource", .string, "the plural name as kubectl takes it: pods, deployments.apps, my.crd.example",
                isRequired: true, names: .resource),
            .init(
                "namespace", .string,
                "one namespace; default: the one of --namespace, else all; * means all whatever --namespace says"),
            .init("name", .string, "one object"),
            .init("labelSelector", .string, "such as app=web,tier!=db"),
            .init("fieldSelector", .string, "such as status.phase=Running"),
        ],
        returns: .object(["items": .list(.dyn), "resourceVersion": .string, "namespace": .string]),
        fields: [
            "items": "complete: a list that could not be read to its end is unknown; none where a named one is absent",
            "namespace": "where was looked; empty: everywhere",
        ],
        cost: .list, privileges: ["get and list the resource"],
        secrets: ["items.data of Secrets", "values of environment variables with secret-looking names"],
        readsInPart: true)

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let query = try ObjectQuery(parameters, defaultNamespace: surroundings.selection.namespace)
        try surroundings.mayAsk(query.name.isEmpty ? "list" : "get", of: parameters["resource"]?.text ?? "")
        let access = try await ServerAccess.authenticated(in: surroundings)
        return try await observe(query, access, in: surroundings)
    }

    /// The objects of a query, with what a collector reads of each.
    static func objects(
        _ query: [String: Value], reading paths: [String], in surroundings: Surroundings
    ) async throws(Unknown) -> (items: [Value], source: String) {
        var surroundings = surroundings
        surroundings.reading = Projection(fields: ["items": Projection(elements: Projection(paths: paths))])
        let found = try await KubernetesCollector().collect(query, in: surroundings)
        return (found.value[field: "items"]?.elements ?? [], found.source)
    }

    func observe(
        _ query: ObjectQuery, _ access: ServerAccess, in surroundings: Surroundings,
        pageSize: Int = Self.pageSize, deadlineSeconds: Double? = nil
    ) async throws(Unknown) -> Observation {
        let client = APIClient(
            access, surroundings.effects, deadlineSeconds: deadlineSeconds ?? surroundings.secondsLeft(or: 60),
            cache: surroundings.cache)
        let location = try await client.locate(query.resource)
        let namespace = location.isNamespaced ? query.namespace : ""
        let path = location.path(namespace: namespace, name: query.name.isEmpty ? nil : query.name)
        // Where nothing of an object is read, how many there are may be.
        let projection = surroundings.reading["items"]?.elements ?? .nothing
        let isSecret = location.plural == "secrets" && location.group.isEmpty
        let pages = ObjectPages(path, reading: projection, isSecret: isSecret, into: surroundings.lists)
        let listed =
            query.name.isEmpty
            ? try await client.list(path, query.selectors, pageSize: pageSize, of: location.fullName, to: pages)
            : try await one(path, location, client, to: pages)
        return Observation(
            .map([
                "items": .list(List(listed.items)), "resourceVersion": .string(listed.version),
                "namespace": .string(namespace),
            ]),
            source: "GET \(access.shownURL)\(path)"
                + (query.selectors.isEmpty ? "" : "?" + query.selectors.joined(separator: "&")))
    }

    private func one(
        _ path: String, _ location: ResourceLocation, _ client: APIClient, to pages: ObjectPages
    ) async throws(Unknown) -> (items: [Value], version: String) {
        let response = try await client.get(path)
        // The resource exists and this object does not: that is an answer. A resource that does not exist says so in
        // plain text.
        if response.status == 404, response.statusObject?.reason == "NotFound" { return ([], "") }
        guard response.status == 200, let object = response.json else {
            throw client.refusal(response, path, verb: "get", resource: location.fullName)
        }
        try pages.give(object)
        return (pages.items(), object[field: "metadata"]?[field: "resourceVersion"]?.text ?? "")
    }
}

/// Which objects are asked for.
struct ObjectQuery: Sendable {
    var resource: ResourceName
    /// Empty: all.
    var namespace: String
    /// Empty: all.
    var name: String
    var labelSelector: String
    var fieldSelector: String

    init(_ parameters: [String: Value], defaultNamespace: String?) throws(Unknown) {
        let given = parameters["resource"]?.text ?? ""
        guard let resource = ResourceName(given) else {
            throw Unknown(.malformed, "'\(given)' is no resource's name, such as pods or deployments.apps")
        }
        self.resource = resource
        let wanted = parameters["namespace"]?.text ?? ""
        namespace = wanted == "*" ? "" : wanted.isEmpty ? defaultNamespace ?? "" : wanted
        name = parameters["name"]?.text ?? ""
        labelSelector = parameters["labelSelector"]?.text ?? ""
        fieldSelector = parameters["fieldSelector"]?.text ?? ""
        for (part, others) in [(namespace, "-."), (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-.:_@~+=,")] {
            guard Self.isName(part, others) else {
                throw Unknown(.malformed, "'\(part)' is no name of an object or a namespace")
            }
        }
    }

    /// What may stand in a path as it is: names of RBAC's objects may hold capitals and colons, nothing may hold a slash.
    private static func isName(_ text: String, _ others: String) -> Bool {
        text.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || "0123456789".utf8.contains(byte)
                || others.utf8.contains(byte)
        } && text != "." && text != ".."
    }

    /// `name=value` each, encoded.
    var selectors: [String] {
        [("labelSelector", labelSelector), ("fieldSelector", fieldSelector)].filter { !$1.isEmpty }
            .map { "\($0)=\(percentEncoded($1))" }
    }
}

/// For a query's value: everything but RFC 3986's unreserved characters is escaped.
func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    return text.utf8.reduce(into: "") { result, byte in
        let scalar = Unicode.Scalar(byte)
        if scalar.isASCII, scalar.properties.isAlphabetic || "0123456789-._~".unicodeScalars.contains(scalar) {
            result.unicodeScalars.append(scalar)
        } else {
            result += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
        }
    }
}
