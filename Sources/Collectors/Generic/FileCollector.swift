internal import CEL
internal import Facts

/// A file of the playbook's choice.
struct FileCollector: Collector {
    let declaration = Declaration(
        "file",
        summary: "A file's content, and whether it is there.",
        parameters: [
            .init("path", .string, "absolute, or beginning with ~/", isRequired: true, names: .file)
        ] + Parser.parameters,
        returns: .object(["exists": .bool, "size": .int, "mode": .string, "owner": .int, "content": .dyn]),
        fields: [
            "mode": "permission bits in octal, such as 600", "owner": "user id",
            "content": "as the parser reads it; absent where there is no file, unknown where it may not be read",
        ],
        cost: .file, privileges: ["read the file"],
        secrets: ["whatever looks like a token, a key or a password"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let path = try absolutePath(parameters["path"]?.text ?? "", home: surroundings.homeDirectory)
        let status: FileStatus
        do {
            status = try await surroundings.effects.status(of: path)
        } catch  where error.reason == .notFound {
            return Observation(.map(["exists": .bool(false)]), source: path)
        }
        let content = await attempt { () async throws(Unknown) in
            let bytes = try await surroundings.effects.readFile(path, limit: 4 << 20)
            return try Parser.read(redacted(bytes), parameters, what: path)
        }
        // Who copies a file changes its owner and its permissions.
        let copied = surroundings.capture.map { Unknown(.notCollected, "the \($0) does not hold it").value }
        return Observation(
            .map([
                "exists": .bool(true), "size": .int(Int64(status.size)),
                "mode": copied ?? .string(String(status.mode, radix: 8)),
                "owner": copied ?? .int(Int64(status.owner)), "content": content.value,
            ]), source: path)
    }
}

/// The path, with `~/` replaced; anything relative has no meaning here.
func absolutePath(_ path: String, home: String) throws(Unknown) -> String {
    let full = path.hasPrefix("~/") ? home + path.dropFirst() : path
    guard full.hasPrefix("/"), !full.utf8.contains(0) else {
        throw Unknown(.malformed, "'\(path)' is no absolute path")
    }
    return full
}
