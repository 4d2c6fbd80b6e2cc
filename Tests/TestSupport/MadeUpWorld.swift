package import Facts

/// Files, commands and servers that a test makes up; everything else is not there.
package struct MadeUpWorld: Effects {
    package var files: [String: String]
    /// By `executable argument argument`.
    package var commands: [String: CommandOutput]
    /// By URL.
    package var responses: [String: HTTPResponse]
    /// By `host:port`.
    package var connections: [String: ConnectionReport]
    /// By path.
    package var spaces: [String: FileSystemSpace]
    package var links: [String: String]
    /// Addresses by name.
    package var names: [String: [String]]
    /// What the kernel says of its clock; `nil`: nobody asked it.
    package var clock: ClockState?

    package init(
        files: [String: String] = [:], commands: [String: CommandOutput] = [:],
        responses: [String: HTTPResponse] = [:], connections: [String: ConnectionReport] = [:],
        spaces: [String: FileSystemSpace] = [:], links: [String: String] = [:], names: [String: [String]] = [:]
    ) {
        self.spaces = spaces
        self.links = links
        self.names = names
        self.files = files
        self.commands = commands
        self.responses = responses
        self.connections = connections
    }

    package func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8] {
        guard let text = files[path] else { throw Unknown(.notFound, "\(path) does not exist") }
        return Array(text.utf8)
    }

    package func status(of path: String) async throws(Unknown) -> FileStatus {
        if let text = files[path] {
            return FileStatus(kind: .regular, size: text.utf8.count, mode: 0o600, owner: 0, isReadable: true)
        }
        guard files.keys.contains(where: { $0.hasPrefix(path + "/") }) else {
            throw Unknown(.notFound, "\(path) does not exist")
        }
        return FileStatus(kind: .directory, size: 0, mode: 0o755, owner: 0, isReadable: true)
    }

    package func list(_ directory: String) async throws(Unknown) -> [String] {
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        let names = (Array(files.keys) + links.keys).filter { $0.hasPrefix(prefix) }
            .compactMap { $0.dropFirst(prefix.count).split(separator: "/").first.map(String.init) }
        guard !names.isEmpty else { throw Unknown(.notFound, "\(directory) does not exist") }
        return Set(names).sorted()
    }

    package func run(_ command: Command) async throws(Unknown) -> CommandOutput {
        let line = ([command.executable] + command.arguments).joined(separator: " ")
        guard let output = commands[line] else { throw Unknown(.notFound, "\(command.executable) is not installed") }
        return output
    }

    package func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse {
        guard let response = responses[request.url] else {
            throw Unknown(.unreachable, "nothing answers at \(request.url)")
        }
        return response
    }

    package func space(at path: String) async throws(Unknown) -> FileSystemSpace {
        guard let space = spaces[path] else { throw Unknown(.notFound, "\(path) does not exist") }
        return space
    }

    package func linkTarget(of path: String) async throws(Unknown) -> String {
        guard let target = links[path] else { throw Unknown(.notFound, "\(path) does not exist") }
        return target
    }

    package func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String] {
        guard let addresses = names[host] else { throw Unknown(.notFound, "\(host): Name or service not known") }
        return addresses
    }

    package func clockState() async throws(Unknown) -> ClockState {
        guard let clock else { throw Unknown(.notCollected, "nobody asked the kernel about its clock") }
        return clock
    }

    package func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport {
        connections["\(endpoint.host):\(endpoint.port)"]
            ?? ConnectionReport(addresses: [endpoint.host], failedAt: .connecting("refused"))
    }
}
