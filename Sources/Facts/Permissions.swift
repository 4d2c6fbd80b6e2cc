extension Surroundings {
    /// What a playbook may have done for it at a place of its own choice: a command, a host, a file, a resource.
    ///
    /// What built-in collectors look at by themselves needs none of it.
    package struct Permissions: Sendable, Hashable {
        /// Patterns; of a kind that is not `nil` nothing else is allowed.
        package struct Limit: Sendable, Hashable {
            /// The beginnings of argument lists; `*` stands for one argument.
            package var commands: [[String]]?
            /// `https://host:443`, `dns:name` for a look-up alone; `*` for any that is neither this machine nor its link.
            package var hosts: [String]?
            /// Paths, with `*` for one part and `**` for any number.
            ///
            /// `journal:UNIT` is the journal of a unit.
            package var files: [String]?
            /// `get,list:deployments.apps`.
            package var resources: [String]?
            /// How a person lifts it.
            package var hint: String

            package init(
                commands: [[String]]? = nil, hosts: [String]? = nil, files: [String]? = nil,
                resources: [String]? = nil, hint: String
            ) {
                self.commands = commands
                self.hosts = hosts
                self.files = files
                self.resources = resources
                self.hint = hint
            }
        }

        /// Whose they are, for people: `this playbook`, `the library 'acme'`.
        package var holder: String
        /// Each of them holds.
        package var limits: [Limit]

        package init(holder: String, limits: [Limit]) {
            self.holder = holder
            self.limits = limits
        }

        /// What all of them allow.
        package init(all permissions: [Permissions]) {
            holder = permissions.map(\.holder).joined(separator: " with ")
            limits = permissions.flatMap(\.limits)
        }

        /// What every playbook of one's own has: it reads and looks up what it names, and runs and asks nothing.
        package static let none = Permissions(
            holder: "this playbook",
            limits: [Limit(commands: [], hosts: ["dns:*"], hint: "run triage with --allow-commands")])
        /// What a person gave for one run.
        package static let all = Permissions(holder: "this playbook", limits: [])
    }
}

// MARK: - Patterns

extension Surroundings.Permissions {
    /// The beginning of an argument list.
    package static func covers(command pattern: [String], _ argv: [String]) -> Bool {
        // A program may not be left open: the first argument is compared as it is.
        guard let program = pattern.first, program == argv.first, program != "*", pattern.count <= argv.count else {
            return false
        }
        return zip(pattern, argv).dropFirst().allSatisfy { $0 == "*" || $0 == $1 }
    }

    package static func covers(path pattern: String, _ path: String) -> Bool {
        func match(_ pattern: ArraySlice<Substring>, _ parts: ArraySlice<Substring>) -> Bool {
            guard let first = pattern.first else { return parts.isEmpty }
            if first == "**" {
                return (0...parts.count).contains { match(pattern.dropFirst(), parts.dropFirst($0)) }
            }
            guard let part = parts.first, first == "*" || first == part else { return false }
            return match(pattern.dropFirst(), parts.dropFirst())
        }
        // A journal is no file, and only `journal:*` stands for all of them.
        if pattern.hasPrefix("journal:") || path.hasPrefix("journal:") {
            return pattern == path || pattern == "journal:*" && path.hasPrefix("journal:")
        }
        let pattern = pattern.split(separator: "/")
        guard pattern.count(where: { $0 == "**" }) <= 2 else { return false }
        let parts = path.split(separator: "/")
        // `..` could lead anywhere.
        guard !parts.contains("..") else { return false }
        return match(pattern[...], parts[...])
    }

    /// `verb,verb:resource`; `*` is any resource.
    package static func covers(resource pattern: String, _ used: String) -> Bool {
        let (left, right) = (pattern.split(separator: ":"), used.split(separator: ":"))
        guard left.count == 2, right.count == 2 else { return pattern == used }
        return Set(right[0].split(separator: ",")).isSubset(of: left[0].split(separator: ","))
            && (left[1] == right[1] || left[1] == "*")
    }

    package static func covers(host pattern: String, _ host: String) -> Bool {
        // An address that is looked up tells nobody anything.
        pattern == host || pattern == "*" && (host.hasPrefix("dns:") || !isNear(host))
            || pattern == "dns:*" && host.hasPrefix("dns:")
    }

    /// A pattern as people write it, a URL or `dns:NAME`, in the form that hosts are compared in.
    ///
    /// What is neither covers nothing.
    package static func pattern(host text: String) -> String { text.contains("://") ? host(of: text) : text }

    /// Scheme, host and port.
    package static func host(of url: String) -> String {
        guard let scheme = url.firstRange(of: "://") else { return "*" }
        let rest = url[scheme.upperBound...].prefix { !"/?#".contains($0) }
        guard !rest.isEmpty else { return "*" }
        let hasPort = rest.last != "]" && rest.split(separator: ":").count > 1
        return url[..<scheme.upperBound].lowercased() + rest.lowercased()
            + (hasPort ? "" : url.lowercased().hasPrefix("https:") ? ":443" : ":80")
    }

    /// Whether it is this machine, its link or a cloud's metadata: never meant by "any host", only by name.
    static func isNear(_ host: String) -> Bool {
        guard let scheme = host.firstRange(of: "://") else { return host != "*" }
        var name = host[scheme.upperBound...]
        if let colon = name.lastIndex(of: ":"), name.last != "]" { name = name[..<colon] }
        name = name.hasSuffix(".") ? name.dropLast() : name
        if name.hasPrefix("[") { return isNear(address: name.dropFirst().prefix { $0 != "]" }) }
        let parts = name.split(separator: ".")
        // A last part that is a number makes an address of it; forms but the plain one are read in many ways.
        if let last = parts.last, last.hasPrefix("0x") || last.allSatisfy(\.isNumber) {
            guard parts.count == 4, parts.allSatisfy({ UInt8($0) != nil && ($0 == "0" || $0.first != "0") }) else {
                return true
            }
            return isNear(address: name)
        }
        return name == "localhost" || name.hasSuffix(".localhost") || name.hasPrefix("metadata")
            || name == "instance-data"
    }

    /// The same of an address in its usual form.
    package static func isNear(address: some StringProtocol) -> Bool {
        // What stands for an IPv4 address in IPv6's form is read by who knows whom.
        let beginnings =
            address.contains(":")
            ? ["::", "0:", "64:ff9b:", "2002:", "fe8", "fe9", "fea", "feb", "fd", "fc"] : ["127.", "0.", "169.254."]
        // Alibaba's, Oracle's and Azure's.
        let metadata = ["100.100.100.200", "192.0.0.192", "168.63.129.16"]
        return beginnings.contains { address.hasPrefix($0) } || metadata.contains { $0 == address }
    }
}
