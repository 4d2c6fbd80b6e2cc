internal import CEL
internal import Facts

/// What a web server of the playbook's choice answers.
struct HTTPCollector: Collector {
    let declaration = Declaration(
        "http",
        summary: "What a URL answers to a GET without credentials; only for playbooks that may send requests.",
        parameters: [
            .init("url", .string, "http or https, without user and password", isRequired: true, names: .url),
            .init("skipVerification", .bool, "takes any certificate", defaultValue: .bool(false)),
            .init("timeoutSeconds", .double, "for the whole answer", defaultValue: .double(10)),
        ] + Parser.parameters,
        returns: .object(["status": .int, "headers": .map(.string, .string), "body": .dyn]),
        fields: [
            "headers": "names in lower case; a proxy of the environment is used, as other programs do",
            "body": "as the parser reads it; redirects are not followed",
        ],
        cost: .network, privileges: ["connect to the host", "a library that is trusted to, or --allow-commands"],
        secrets: ["cookies", "whatever looks like a token, a key or a password"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let url = parameters["url"]?.text ?? ""
        guard let address = Address(url: url), address.user == nil else {
            throw Unknown(.malformed, "'url' is no URL such as https://host/path, without user and password")
        }
        var options = TLSOptions()
        if case .bool(true) = parameters["skipVerification"] { options.skipsVerification = true }
        let proxy = ProxySettings.proxy(
            for: ServerURL(url, usesTLS: address.scheme == "https"), proxyURL: "",
            environment: surroundings.environment)
        let response = try await surroundings.effects.send(
            HTTPRequest(
                url: url, headers: [("Accept-Encoding", "gzip"), ("User-Agent", "triage")], tls: options,
                proxy: proxy?.url,
                deadlineSeconds: parameters["timeoutSeconds"]?.seconds ?? 10, bodyLimit: 10 << 20))
        let hidden: Set = ["set-cookie", "authorization", "proxy-authorization", "www-authenticate"]
        let headers = response.headers.map { (name: $0.name.lowercased(), value: $0.value) }
            .filter { !hidden.contains($0.name) }
        let fields = Dictionary(
            headers.map { ($0.name, Value.string($0.value)) }, uniquingKeysWith: { first, _ in first })
        let body = await attempt { () async throws(Unknown) in
            try Parser.read(redacted(response.body), parameters, what: "the answer")
        }
        return Observation(
            .map(["status": .int(Int64(response.status)), "headers": .map(Map(fields)), "body": body.value]),
            source: "GET \(url.prefix { $0 != "?" })")
    }
}
