internal import CEL
internal import Facts

/// Knows where resources are served without asking a server.
protocol ResourceCatalogue {
    func location(of name: ResourceName) throws(Unknown) -> ResourceLocation
}

extension APIClient {
    /// Where a resource is served; asks the server for what is not well known.
    func locate(_ name: ResourceName) async throws(Unknown) -> ResourceLocation {
        if let known = ResourceLocation.wellKnown(name) { return known }
        if let catalogue = effects as? any ResourceCatalogue { return try catalogue.location(of: name) }
        if name.group == "" || name.group == nil,
            let found = try await find(name, group: "", version: "v1", at: "/api/v1")
        {
            return found
        }
        let answer = try await discovery("/apis")
        guard answer.status == 200 else { throw refusal(answer, "/apis", verb: "get", resource: "/apis") }
        guard let json = answer.json else { throw Unknown(.malformed, "the answer of /apis is no JSON") }
        let groups = json[field: "groups"]?.elements ?? []
        // What a group prefers first; a resource that is served in another version only is looked for last.
        for isPreferred in [true, false] {
            for group in groups {
                guard let groupName = group[field: "name"]?.text, name.group == nil || name.group == groupName else {
                    continue
                }
                for version in versions(of: group, preferred: isPreferred) {
                    if let found = try await find(
                        name, group: groupName, version: version, at: "/apis/\(groupName)/\(version)")
                    {
                        return found
                    }
                }
            }
        }
        throw Unknown(
            .notFound, "the server has no resource '\(name.plural)\(name.group.map { ".\($0)" } ?? "")'",
            hint: "kubectl api-resources")
    }

    private func versions(of group: Value, preferred: Bool) -> [String] {
        let favourite = group[field: "preferredVersion"]?[field: "version"]?.text
        if preferred { return favourite.map { [$0] } ?? [] }
        let all = (group[field: "versions"]?.elements ?? []).compactMap { $0[field: "version"]?.text }
        return all.filter { $0 != favourite }
    }

    private func find(
        _ name: ResourceName, group: String, version: String, at path: String
    ) async throws(Unknown) -> ResourceLocation? {
        let response = try await discover(path, isOnlyPlace: name.group != nil)
        for resource in response?.json?[field: "resources"]?.elements ?? [] {
            // A subresource, such as pods/log, is no resource of its own.
            guard let plural = resource[field: "name"]?.text, !plural.contains("/") else { continue }
            let others = [resource[field: "singularName"]].compactMap { $0?.text }
            let short = (resource[field: "shortNames"]?.elements ?? []).compactMap(\.text)
            guard ([plural] + others + short).contains(name.plural) else { continue }
            return ResourceLocation(
                group: group, version: version, plural: plural,
                isNamespaced: resource[field: "namespaced"]?.isTrue ?? false)
        }
        return nil
    }

    /// What the server answers to the question what it serves; asked once for all facts of a diagnosis.
    private func discovery(_ path: String) async throws(Unknown) -> HTTPResponse {
        guard let cache else { return try await get(path) }
        do { return try await cache.value("discovery \(access.url)\(path)") { try await get(path) } } catch {
            throw error as? Unknown ?? Unknown(.timedOut, "\(path) was not answered in time")
        }
    }

    /// An aggregated API whose server is away answers 503; the others may still serve the resource.
    private func discover(_ path: String, isOnlyPlace: Bool) async throws(Unknown) -> HTTPResponse? {
        do throws(Unknown) {
            let response = try await discovery(path)
            guard response.status != 200 else { return response }
            guard isOnlyPlace || response.status == 401 else { return nil }
            throw refusal(response, path, verb: "get", resource: path)
        } catch  where error.reason == .unreachable && !isOnlyPlace {
            return nil
        }
    }
}
