/// A git repository, read without a work tree: no hook, filter, link or submodule of it can act.
struct GitSource {
    let reference: LibraryReference

    init(_ reference: LibraryReference) { self.reference = reference }

    private var url: String { String(reference.location.dropFirst(4)) }
    private var scheme: String { String(url.prefix { $0 != ":" }) }

    func fetch(environment: [String: String], pinned: String?) async throws(LibraryError) -> FetchedTree {
        try await withRepository(environment) { git async throws(LibraryError) in
            let wanted =
                pinned.flatMap { $0.hasPrefix("git:") ? String($0.dropFirst(4)) : nil }
                ?? reference.parameters["ref"] ?? "HEAD"
            do throws(LibraryError) {
                try await git.run([
                    "fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", url, wanted,
                ])
            } catch {
                guard error.message.contains("remote ref") || error.message.contains("not our ref") else { throw error }
                throw LibraryError(.notFound, "\(url) has no branch, tag or commit '\(printable(wanted))'")
            }
            let commit = try await git.text(["rev-parse", "--verify", "FETCH_HEAD^{commit}"])
            let tree = try await readTree(git, commit)
            return FetchedTree(tree: tree, transport: "git:" + commit)
        }
    }

    /// The names of the repository's tags.
    func tags(environment: [String: String]) async throws(LibraryError) -> [String] {
        try await withRepository(environment) { git async throws(LibraryError) in
            let listing = try await git.run(["ls-remote", "--quiet", "--tags", "--refs", "--", url]).output
            return listing.split(separator: UInt8(ascii: "\n")).compactMap { line in
                let fields = String(decoding: line, as: UTF8.self).split(separator: "\t")
                let prefix = "refs/tags/"
                return fields.count == 2 && fields[1].hasPrefix(prefix)
                    ? String(fields[1].dropFirst(prefix.count)) : nil
            }
        }
    }

    private func withRepository<Result>(
        _ environment: [String: String], _ body: (Git) async throws(LibraryError) -> Result
    ) async throws(LibraryError) -> Result {
        try await Disk.withTemporaryDirectory { directory async throws(LibraryError) in
            var git = Git(directory: directory, scheme: scheme, inherited: environment)
            git.logins = await git.personalLogins()
            try await git.run(["init", "--quiet", "--bare", directory])
            return try await body(git)
        }
    }

    private func readTree(_ git: Git, _ commit: String) async throws(LibraryError) -> PackageTree {
        let folder = (reference.parameters["path"] ?? "").split(separator: "/").joined(separator: "/")
        if !folder.isEmpty { try PackagePath.check(folder) }
        let listing: Programs.Output
        do throws(LibraryError) {
            listing = try await git.run([
                "ls-tree", "-r", "-z", "-l", "--full-tree", folder.isEmpty ? commit : "\(commit):\(folder)",
            ])
        } catch {
            guard !folder.isEmpty, error.message.contains("Not a valid object name") else { throw error }
            throw LibraryError(.notFound, "there is no folder '\(folder)' in the commit \(commit)")
        }
        var entries: [(path: String, object: String)] = []
        var size = 0
        for line in listing.output.split(separator: 0) {
            let text = String(decoding: line, as: UTF8.self)
            let halves = text.split(separator: "\t", maxSplits: 1).map(String.init)
            let fields = halves[0].split(separator: " ", omittingEmptySubsequences: true).map(String.init)
            guard halves.count == 2, fields.count == 4 else {
                throw LibraryError(.toolFailed, "git's listing cannot be read")
            }
            // What belongs to the repository and not to the library.
            guard !halves[1].split(separator: "/").contains(where: { $0.hasPrefix(".") }) else { continue }
            guard fields[0] == "100644" else {
                throw LibraryError(
                    .unsafeEntry,
                    "'\(printable(halves[1]))' has the mode \(fields[0]); only plain files (100644) are taken")
            }
            size += Int(fields[3]) ?? 0
            guard size <= PackageTree.mostBytes, entries.count < PackageTree.mostFiles else {
                throw LibraryError(.tooLarge, "the folder is larger than a package may be")
            }
            try PackagePath.check(halves[1])
            entries.append((halves[1], fields[2]))
        }
        let objects = entries.map(\.object).joined(separator: "\n") + "\n"
        let blobs = try await git.run(["cat-file", "--batch"], input: Array(objects.utf8))
        var tree = PackageTree()
        var rest = blobs.output[...]
        for entry in entries {
            // `<object> blob <size>\n<content>\n`
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            let fields = String(decoding: line, as: UTF8.self).split(separator: " ")
            guard fields.count == 3, fields[0] == entry.object, fields[1] == "blob", let count = Int(fields[2]),
                rest.count >= line.count + count + 2
            else { throw LibraryError(.toolFailed, "git's content of '\(entry.path)' cannot be read") }
            let content = rest.dropFirst(line.count + 1).prefix(count)
            try tree.add(entry.path, Array(content))
            rest = rest.dropFirst(line.count + count + 2)
        }
        return tree
    }
}

/// git with nothing of the machine's or the person's configuration but credentials for ssh.
private struct Git {
    let directory: String
    let scheme: String
    let inherited: [String: String]
    /// `credential.helper` and the like.
    var logins: [(key: String, value: String)] = []

    /// How the person logs in where git asks over HTTP; nothing else of the person's configuration counts.
    func personalLogins() async -> [(key: String, value: String)] {
        guard scheme == "https" || scheme == "http" else { return [] }
        var environment = inherited.filter { ["PATH", "HOME", "XDG_CONFIG_HOME"].contains($0.key) }
        environment["GIT_CONFIG_NOSYSTEM"] = "1"
        let pattern = #"^(credential\..*|http\..*(extraheader|sslcainfo|proxy))$"#
        // None is no error of ours.
        let output = try? await Programs.run(
            "git", ["config", "--global", "-z", "--get-regexp", pattern], environment: environment)
        guard let output, output.exitCode == 0 else { return [] }
        return output.output.split(separator: 0).map { entry -> (key: String, value: String) in
            // `key\nvalue`, or the key of what is switched on
            let key = entry.prefix { $0 != UInt8(ascii: "\n") }
            let value =
                entry.count > key.count ? String(decoding: entry.dropFirst(key.count + 1), as: UTF8.self) : "true"
            return (key: String(decoding: key, as: UTF8.self), value: value)
        }
    }

    @discardableResult
    func run(_ arguments: [String], input: [UInt8] = []) async throws(LibraryError) -> Programs.Output {
        let settings =
            [
                "protocol.allow=never", "protocol.\(scheme).allow=always", "core.hooksPath=/dev/null",
                "core.fsmonitor=false", "fetch.fsckObjects=true", "transfer.fsckObjects=true",
                "submodule.recurse=false", "gc.auto=0", "http.followRedirects=false",
            ]
        var environment = [
            "PATH": inherited["PATH"] ?? "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "/bin/false",
            "GIT_DIR": directory, "GIT_SSH_COMMAND": inherited["GIT_SSH_COMMAND"] ?? "ssh -o BatchMode=yes",
        ]
        for name in ["HOME", "USER", "SSH_AUTH_SOCK", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
            environment[name] = inherited[name]
        }
        if let file = inherited["SSL_CERT_FILE"] { environment["GIT_SSL_CAINFO"] = file }
        // They may hold secrets, and everybody on the machine sees what arguments a program has.
        if ["fetch", "ls-remote"].contains(arguments.first), !logins.isEmpty {
            environment["GIT_CONFIG_COUNT"] = String(logins.count)
            for (number, login) in logins.enumerated() {
                environment["GIT_CONFIG_KEY_\(number)"] = login.key
                environment["GIT_CONFIG_VALUE_\(number)"] = login.value
            }
        }
        let output = try await Programs.run(
            "git", settings.flatMap { ["-c", $0] } + arguments, input: input, environment: environment)
        guard output.exitCode == 0 else {
            throw LibraryError(.unreachable, "git \(arguments[0]) failed: \(Self.words(output.error))")
        }
        return output
    }

    /// What git calls fatal, and what ssh says before that; advice that holds for everything is left out.
    private static func words(_ error: String) -> String {
        let advice = ["Please make sure", "and the repository exists", "fatal: Could not read from remote"]
        let lines = error.split(whereSeparator: \.isNewline)
        let kept = lines.filter { line in !advice.contains { line.hasPrefix($0) } }
        let words = (kept.isEmpty ? lines : kept).suffix(3).map { $0.trimmingPrefix(/(fatal|error|remote): */) }
        return words.isEmpty ? "no reason given" : printable(words.joined(separator: "; "), limit: 400)
    }

    func text(_ arguments: [String]) async throws(LibraryError) -> String {
        let output = try await run(arguments).output
        return String(decoding: output.prefix { $0 > 0x20 }, as: UTF8.self)
    }
}
