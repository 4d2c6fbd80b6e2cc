internal import CEL
internal import Facts

/// Asks an API server: again where it is busy, and in the end an answer or the reason why not.
struct APIClient: Sendable {
    let access: ServerAccess
    let effects: any Effects
    /// For the whole conversation, not for one request.
    let deadline: ContinuousClock.Instant

    init(_ access: ServerAccess, _ effects: any Effects, deadlineSeconds: Double) {
        self.access = access
        self.effects = effects
        deadline = .now + .seconds(deadlineSeconds)
    }

    /// The first answer that is not "later"; a server that stays busy is unreachable.
    func get(_ path: String) async throws(Unknown) -> HTTPResponse {
        var pause = 0.25
        while true {
            let left = (deadline - .now) / .seconds(1)
            guard left > 0 else { throw Unknown(.timedOut, "\(shown(path)) was not answered in time") }
            let response = try await effects.send(access.request(path, deadlineSeconds: left))
            guard response.status == 429 || (500...599).contains(response.status) else { return response }
            let wanted = response.header("Retry-After").flatMap(Double.init) ?? pause
            guard wanted < (deadline - .now) / .seconds(1) else {
                throw Unknown(
                    .unreachable,
                    "\(shown(path)) answers \(response.status)\(message(response)), and wants \(readable(seconds: wanted))"
                )
            }
            do { try await Task.sleep(for: .seconds(wanted)) } catch {
                throw Unknown(.timedOut, "\(shown(path)) was not answered in time")
            }
            pause = min(pause * 2, 4)
        }
    }

    /// The body as JSON, where the answer is 200; else why not, with `verb` and `resource` for the hint.
    func json(_ path: String, verb: String, resource: String) async throws(Unknown) -> Value {
        let response = try await get(path)
        guard response.status == 200 else { throw refusal(response, path, verb: verb, resource: resource) }
        do throws(JSONError) { return try Value.parseJSON(response.body) } catch {
            throw Unknown(.malformed, "the answer of \(shown(path)) is no JSON: \(error)")
        }
    }

    func refusal(_ response: HTTPResponse, _ path: String, verb: String, resource: String) -> Unknown {
        switch response.status {
        case 401:
            Unknown(
                .denied, "the server does not accept the credentials (401)", hint: "run 'triage run unauthorized'")
        case 403:
            Unknown(
                .denied, "\(verb) \(resource) is forbidden\(message(response))",
                hint: "the verb \(verb) on \(resource) is needed: kubectl auth can-i \(verb) \(resource); "
                    + "or name one namespace with -n")
        case 404: Unknown(.notFound, "the server has no \(shown(path))\(message(response))")
        case 410: Unknown(.truncated, "the list expired while it was being read\(message(response))")
        default: Unknown(.unreachable, "\(shown(path)) answers \(response.status)\(message(response))")
        }
    }

    private func message(_ response: HTTPResponse) -> String {
        guard let message = response.statusObject?.message, !message.isEmpty else { return "" }
        return ": \(message)"
    }

    private func shown(_ path: String) -> String { String(path.prefix { $0 != "?" }) }
}

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
        let groups = try await json("/apis", verb: "get", resource: "/apis")
        for group in groups[field: "groups"]?.elements ?? [] {
            guard let groupName = group[field: "name"]?.text, name.group == nil || name.group == groupName,
                let version = group[field: "preferredVersion"]?[field: "version"]?.text
            else { continue }
            if let found = try await find(
                name, group: groupName, version: version, at: "/apis/\(groupName)/\(version)")
            {
                return found
            }
        }
        throw Unknown(
            .notFound, "the server has no resource '\(name.plural)\(name.group.map { ".\($0)" } ?? "")'",
            hint: "kubectl api-resources")
    }

    private func find(
        _ name: ResourceName, group: String, version: String, at path: String
    ) async throws(Unknown) -> ResourceLocation? {
        let response = try await get(path)
        // An aggregated API whose server is away answers 503; the others may still serve the resource.
        guard response.status == 200 else {
            if name.group != nil || response.status == 401 {
                throw refusal(response, path, verb: "get", resource: path)
            }
            return nil
        }
        for resource in response.json?[field: "resources"]?.elements ?? [] {
            let names = [resource[field: "name"], resource[field: "singularName"]].compactMap { $0?.text }
            guard names.contains(name.plural), let plural = names.first else { continue }
            var isNamespaced = false
            if case .bool(true) = resource[field: "namespaced"] { isNamespaced = true }
            return ResourceLocation(group: group, version: version, plural: plural, isNamespaced: isNamespaced)
        }
        return nil
    }
}
