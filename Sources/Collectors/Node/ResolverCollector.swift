internal import CEL
internal import Facts

/// How this machine looks up names, and what it finds.
///
/// Source: resolv.conf(5), systemd-resolved(8).
struct ResolverCollector: Collector {
    let declaration = Declaration(
        "node.resolver",
        summary: "The name servers and search domains of this machine, and what given names resolve to.",
        parameters: [
            .init(
                "path", .string, "the resolver's configuration", defaultValue: .string("/etc/resolv.conf"), names: .file
            ),
            .init(
                "names", .list(.string), "names to look up with the system's resolver; default: none", names: .hostName),
            .init("timeoutSeconds", .double, "for each look-up", defaultValue: .double(5)),
        ],
        returns: .object([
            "nameservers": .list(.string), "search": .list(.string), "ndots": .int, "options": .list(.string),
            "stub": .bool, "upstreams": .list(.string),
            "lookups": .list(.object(["name": .string, "addresses": .list(.string), "error": .string])),
        ]),
        fields: [
            "nameservers": "none in the file means that the resolver asks this machine itself",
            "ndots": "1 where nothing sets it",
            "stub": "the first server is a stub on a loopback address, which no pod can reach",
            "upstreams": "the servers behind systemd-resolved's stub; absent without a stub",
            "lookups.error": "absent where the name was found; a resolver that does not answer makes addresses unknown",
        ],
        cost: .network, privileges: ["read /etc/resolv.conf", "ask the name servers for the given names"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let path = try absolutePath(parameters["path"]?.text ?? "/etc/resolv.conf", home: surroundings.homeDirectory)
        let configuration = ResolverConfiguration(try await surroundings.machineFile(path))
        var fields: [String: Value] = [
            "nameservers": Value.texts(configuration.nameservers), "search": Value.texts(configuration.search),
            "options": Value.texts(configuration.options), "ndots": .int(configuration.ndots),
            "stub": .bool(configuration.isStub),
        ]
        if configuration.isStub {
            let upstream = "/run/systemd/resolve/resolv.conf"
            fields["upstreams"] = await attempt { () async throws(Unknown) in
                Value.texts(ResolverConfiguration(try await surroundings.machineFile(upstream)).nameservers)
            }.value
        }
        let names = parameters["names"]?.elements?.compactMap(\.text) ?? []
        let seconds = parameters["timeoutSeconds"]?.seconds ?? 5
        fields["lookups"] = .list(List(await lookUp(names, seconds, surroundings)))
        return Observation(.map(Map(fields)), source: ([path] + names).joined(separator: ", "))
    }

    private func lookUp(_ names: [String], _ seconds: Double, _ surroundings: Surroundings) async -> [Value] {
        await withTaskGroup(of: (Int, Value).self) { group in
            for (index, name) in names.enumerated() {
                group.addTask { (index, await look(name, seconds, surroundings.effects)) }
            }
            var found: [(Int, Value)] = []
            for await entry in group { found.append(entry) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func look(_ name: String, _ seconds: Double, _ effects: any Effects) async -> Value {
        var fields: [String: Value] = ["name": .string(name)]
        do throws(Unknown) {
            fields["addresses"] = Value.texts(try await effects.resolve(name, deadlineSeconds: seconds))
        } catch  where error.reason == .notFound {
            fields["addresses"] = .list([])
            fields["error"] = .string(error.detail)
        } catch {
            fields["addresses"] = error.value
        }
        return .map(Map(fields))
    }
}

struct ResolverConfiguration: Sendable {
    private(set) var nameservers: [String] = []
    private(set) var search: [String] = []
    private(set) var options: [String] = []

    /// Of `search` and `domain` the last line counts; servers and options add up.
    init(_ text: String) {
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" && $0 != ";" }.split(whereSeparator: \.isWhitespace).map(String.init)
            guard words.count > 1 else { continue }
            switch words[0] {
            case "nameserver": nameservers.append(words[1])
            case "search", "domain": search = Array(words.dropFirst())
            case "options": options += words.dropFirst()
            default: continue
            }
        }
    }

    var ndots: Int64 {
        options.last { $0.hasPrefix("ndots:") }.flatMap { Int64($0.dropFirst("ndots:".count)) } ?? 1
    }

    var isStub: Bool {
        guard let first = nameservers.first, let bytes = addressBytes(first) else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }
}
