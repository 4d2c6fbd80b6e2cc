extension Library {
    /// Kubernetes' URLs.
    static let url = Library(
        "kubernetes.urls",
        functions: [
            Function(
                "url", "The URL that a text names: an absolute one, or an absolute path.",
                overloads: [
                    Overload(
                        "string_to_url", [.string], URLValue.type, cost: Cost.traversal,
                        .function(URLValue.init(parsing:)))
                ],
                examples: [.init("url('https://example.com/a') == url('HTTPS://example.com/a')", equals: "true")]),
            Function(
                "isURL", "Whether the text is an absolute URL or an absolute path.",
                overloads: [
                    Overload(
                        "is_url_string", [.string], .bool, cost: Cost.traversal,
                        .function { (text: String) in (try? URLValue(parsing: text)) != nil })
                ],
                examples: [
                    .init("isURL('https://user:pass@example.com:80/path?query=val#fragment')", equals: "true"),
                    .init("isURL('/absolute-path')", equals: "true"), .init("isURL('https://a:b:c/')", equals: "false"),
                    .init("isURL('../relative-path')", equals: "false"),
                ]),
            part(
                "getScheme", "url_get_scheme", "The scheme, in lower case; empty where there is none.", \.scheme,
                ("https://example.com/", "https"), ("/path", "")),
            part(
                "getHost", "url_get_host",
                "The host with its port, IPv6 addresses in brackets; empty where there is none.", \.host,
                ("https://example.com:80/", "example.com:80"), ("https://[::1]:80/", "[::1]:80"), ("/path", "")),
            part(
                "getHostname", "url_get_hostname",
                "The host without its port and without brackets; empty where there is none.", \.hostname,
                ("https://example.com:80/", "example.com"), ("https://[::1]:80/", "::1")),
            part(
                "getPort", "url_get_port", "The port; empty where there is none.", \.port,
                ("https://example.com:80/", "80"), ("https://example.com/", "")),
            part(
                "getEscapedPath", "url_get_escaped_path", "The path, escaped; empty where there is none.",
                \.escapedPath,
                ("https://example.com/path with spaces/", "/path%20with%20spaces/"), ("https://example.com", "")),
            Function(
                "getQuery", "The query's parameters, unescaped, each with all of its values.",
                overloads: [
                    Overload(
                        "url_get_query", member: true, [URLValue.type], .map(.string, .list(.string)),
                        cost: Cost.building,
                        .function { (url: URLValue) in url.parameters })
                ],
                examples: [
                    .init(
                        "url('https://example.com/path?k1=a&k2=b&k2=c').getQuery()",
                        equals: "{'k1': ['a'], 'k2': ['b', 'c']}"),
                    .init("url('https://example.com/?a+b=c%20d').getQuery()", equals: "{'a b': ['c d']}"),
                    .init("url('https://example.com/path?').getQuery()", equals: "{}"),
                ]),
        ])

    private static func part(
        _ name: String, _ id: String, _ summary: String, _ part: @escaping @Sendable (URLValue) -> String,
        _ examples: (String, String)...
    ) -> Function {
        Function(
            name, summary,
            overloads: [
                Overload(id, member: true, [URLValue.type], .string, .function { (url: URLValue) in part(url) })
            ],
            examples: examples.map { .init("url('\($0.0)').\(name)()", equals: "'\($0.1)'") })
    }
}
