internal import CEL
internal import Synchronization

/// Answers as a Kubernetes API server does: who is it, then what is asked.
package struct APIServer: Sendable {
    /// Users by bearer token.
    package var tokens: [String: String] = [:]
    /// Users by client certificate (DER); any other certificate counts as none.
    package var certificates: [[UInt8]: String] = [:]
    /// Takes whatever credentials it is shown, or none, for an administrator's.
    package var acceptsEverybody = false
    /// Nobody may read `/version` and the health checks (the default of RBAC).
    package var allowsAnonymous = true
    package var gitVersion = "v1.36.2"
    /// By name; `true`: passes.
    package var checks: [(name: String, passes: Bool)] = [("ping", true), ("etcd", true), ("informer-sync", true)]
    /// The `Date` header.
    package var date = "Tue, 24 Nov 2026 00:10:00 GMT"
    /// The items of a collection, as JSON texts, by path: `/api/v1/pods`.
    package var lists: [String: [String]] = [:]
    /// Whole answers by path, before anything else but the question who asks.
    package var answers: [String: LoopbackServer.Response] = [:]
    /// Paths that the user may not read.
    package var forbidden: Set<String> = []
    /// Expires every `continue` token, as compaction does.
    package var expiresContinueTokens = false
    /// Lists in one piece expire as well, so that none of several pages is ever had whole.
    package var expiresWholeLists = false
    /// Answers that come once, before all others, by path: for 429 and the like.
    package var once: OnceAnswers = OnceAnswers()

    package init() {}

    package func respond(_ request: LoopbackServer.Request) -> LoopbackServer.Response {
        var response = answer(request)
        if !response.headers.contains(where: { $0.name == "Date" }) { response.headers.append(("Date", date)) }
        return response
    }

    private func answer(_ request: LoopbackServer.Request) -> LoopbackServer.Response {
        let identity = user(of: request)
        guard let identity else { return status(401, "Unauthorized", "Unauthorized") }
        let isPublic = ["/version", "/readyz", "/livez", "/healthz"].contains(request.path)
        if identity == "system:anonymous", !isPublic {
            return status(
                403, "Forbidden",
                "forbidden: User \\\"system:anonymous\\\" cannot get path \\\"\(request.path)\\\"")
        }
        if let response = once.take(request.path) { return response }
        if forbidden.contains(request.path) {
            let resource = request.path.split(separator: "/").last.map(String.init) ?? ""
            return status(
                403, "Forbidden",
                "\(resource) is forbidden: User \\\"\(identity)\\\" cannot list resource \\\"\(resource)\\\" "
                    + "in API group \\\"\\\" at the cluster scope")
        }
        if let response = answers[request.path] { return response }
        if let items = lists[request.path] { return page(items, request) }
        return fixed(request)
    }

    /// `nil`: credentials that are not accepted.
    private func user(of request: LoopbackServer.Request) -> String? {
        if acceptsEverybody { return "kubernetes-admin" }
        if let certificate = request.clientCertificateDER, let name = certificates[certificate] { return name }
        if let authorization = request.header("Authorization") {
            guard authorization.hasPrefix("Bearer ") else { return nil }
            return tokens[String(authorization.dropFirst("Bearer ".count))]
        }
        if request.clientCertificateDER != nil { return nil }
        return allowsAnonymous ? "system:anonymous" : nil
    }

    private func fixed(_ request: LoopbackServer.Request) -> LoopbackServer.Response {
        switch request.path {
        case "/version":
            return .json(#"{"major":"1","minor":"36","gitVersion":"\#(gitVersion)","platform":"linux/amd64"}"#)
        case "/readyz", "/livez", "/healthz":
            let failed = checks.contains { !$0.passes }
            let lines = checks.map { $0.passes ? "[+]\($0.name) ok" : "[-]\($0.name) failed: reason withheld" }
            let verdict =
                failed ? "\(request.path.dropFirst()) check failed" : "\(request.path.dropFirst()) check passed"
            let verbose = failed || request.query["verbose"] != nil
            return .init(failed ? 500 : 200, verbose ? (lines + [verdict]).joined(separator: "\n") + "\n" : "ok")
        case "/api": return .json(#"{"kind":"APIVersions","versions":["v1"]}"#)
        case "/apis": return .json(groups)
        case "/api/v1":
            return .json(
                resources("v1", [("pods", "Pod", true), ("nodes", "Node", false), ("secrets", "Secret", true)]))
        case "/apis/apps/v1": return .json(resources("apps/v1", [("deployments", "Deployment", true)]))
        case "/apis/autoscaling/v2":
            return .json(resources("autoscaling/v2", [("horizontalpodautoscalers", "HorizontalPodAutoscaler", true)]))
        case "/apis/apiregistration.k8s.io/v1":
            return .json(resources("apiregistration.k8s.io/v1", [("apiservices", "APIService", false)]))
        default: return .init(404, "404 page not found\n", headers: [("Content-Type", "text/plain")])
        }
    }

    private var groups: String {
        let names = [("apps", "v1"), ("autoscaling", "v2"), ("apiregistration.k8s.io", "v1")]
        let entries = names.map { group, version in
            #"{"name":"\#(group)","versions":[{"groupVersion":"\#(group)/\#(version)","version":"\#(version)"}],"#
                + #""preferredVersion":{"groupVersion":"\#(group)/\#(version)","version":"\#(version)"}}"#
        }
        return #"{"kind":"APIGroupList","apiVersion":"v1","groups":[\#(entries.joined(separator: ","))]}"#
    }

    private func resources(_ groupVersion: String, _ entries: [(name: String, kind: String, namespaced: Bool)])
        -> String
    {
        let list = entries.map {
            #"{"name":"\#($0.name)","singularName":"","namespaced":\#($0.namespaced),"kind":"\#($0.kind)","#
                + #""verbs":["get","list"]}"#
        }
        return
            #"{"kind":"APIResourceList","groupVersion":"\#(groupVersion)","resources":[\#(list.joined(separator: ","))]}"#
    }

    private func page(_ all: [String], _ request: LoopbackServer.Request) -> LoopbackServer.Response {
        if expiresWholeLists, request.query["limit"] == nil {
            return status(410, "Expired", "The resourceVersion for the provided list is too old")
        }
        let items = selected(all, by: request.query["fieldSelector"])
        let limit = request.query["limit"].flatMap(Int.init) ?? items.count
        var start = 0
        if let token = request.query["continue"] {
            guard !expiresContinueTokens else {
                return status(410, "Expired", "The provided continue parameter is too old")
            }
            start = Int(token) ?? 0
        }
        let end = limit == 0 ? items.count : min(items.count, start + limit)
        let more = end < items.count ? #","continue":"\#(end)""# : ""
        return .json(
            #"{"kind":"\#(listKind(request.path))","apiVersion":"\#(groupVersion(request.path))","#
                + #""metadata":{"resourceVersion":"1000"\#(more)},"items":["#
                + items[start..<end].joined(separator: ",") + "]}")
    }

    /// `reason%3DFailed`: one field that equals a text.
    private func selected(_ items: [String], by selector: String?) -> [String] {
        let decoded = selector?.replacing("%3D", with: "=").replacing("%2F", with: "/")
        let parts = decoded?.split(separator: "=").map(String.init) ?? []
        guard parts.count == 2 else { return items }
        return items.filter { item in
            var value = try? Value.parseJSON(item)
            for step in parts[0].split(separator: ".") {
                guard case .map(let map)? = value else { return false }
                value = map[String(step)]
            }
            guard case .string(let text)? = value else { return false }
            return text == parts[1]
        }
    }

    /// `PodList`: clients learn from it what the items are.
    private func listKind(_ path: String) -> String {
        let plural = path.split(separator: "/").last.map(String.init) ?? ""
        let kinds = [
            "pods": "Pod", "nodes": "Node", "namespaces": "Namespace", "secrets": "Secret", "events": "Event",
            "deployments": "Deployment", "replicasets": "ReplicaSet", "statefulsets": "StatefulSet",
            "limitranges": "LimitRange", "configmaps": "ConfigMap", "apiservices": "APIService",
            "horizontalpodautoscalers": "HorizontalPodAutoscaler", "services": "Service", "endpoints": "Endpoints",
            "daemonsets": "DaemonSet", "replicationcontrollers": "ReplicationController",
        ]
        return (kinds[plural] ?? "") + "List"
    }

    /// `apps/v1`, or `v1` in the core group.
    private func groupVersion(_ path: String) -> String {
        let parts = path.split(separator: "/").map(String.init)
        return parts.first == "apis" && parts.count > 2 ? "\(parts[1])/\(parts[2])" : "v1"
    }

    /// A `Status` body as the API server writes it; the message is JSON-escaped already.
    package func status(_ code: Int, _ reason: String, _ message: String) -> LoopbackServer.Response {
        .json(
            #"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\#(message)","#
                + #""reason":"\#(reason)","code":\#(code)}"#, status: code)
    }
}

/// Answers that are given once each.
package final class OnceAnswers: Sendable {
    private let pending: Mutex<[String: [LoopbackServer.Response]]>

    package init(_ answers: [String: [LoopbackServer.Response]] = [:]) { pending = Mutex(answers) }

    func take(_ path: String) -> LoopbackServer.Response? {
        pending.withLock { pending in
            guard let first = pending[path]?.first else { return nil }
            pending[path]?.removeFirst()
            return first
        }
    }
}
