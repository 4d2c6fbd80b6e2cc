internal import CEL
internal import Facts

extension APIClient {
    /// The objects of a list, page by page.
    ///
    /// Where the list expires on the way, all of it is asked for at once, which cannot expire, and once, as client-go's
    /// pager does (`tools/pager`).
    ///
    /// - Parameter selectors: `name=value` each, encoded.
    func list(
        _ path: String, _ selectors: [String], pageSize: Int, of resource: String, to pages: ObjectPages
    ) async throws(Unknown) -> (items: [Value], version: String) {
        var token = ""
        var isWhole = false
        while true {
            let page = isWhole ? [] : ["limit=\(pageSize)"]
            let next = token.isEmpty ? [] : ["continue=\(percentEncoded(token))"]
            let query = (page + selectors + next).joined(separator: "&")
            let response = try await get(query.isEmpty ? path : "\(path)?\(query)", to: pages)
            if response.status == 410, !isWhole {
                (token, isWhole) = ("", true)
                pages.begin()
                continue
            }
            guard response.status == 200 else {
                throw refusal(response, path, verb: "list", resource: resource)
            }
            let end = try pages.endPage()
            token = end.token
            if token.isEmpty { return (pages.items(), end.version) }
        }
    }
}
