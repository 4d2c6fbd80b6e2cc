internal import Facts
internal import YAML

/// One file of the list that a kubeconfig is merged from, and everything wrong with it.
struct KubeconfigFile: Sendable {
    enum Kind: String, Sendable, CaseIterable { case regular, directory, missing, denied, other }
    enum Format: String, Sendable, CaseIterable { case yaml, json, base64, pem, html, other }

    struct ParseError: Sendable {
        var message: String
        var line: Int
        var column: Int
        /// The line as it stands there, without what may be secret.
        var text: String
    }

    var path: String
    var kind = Kind.missing
    var mode: Int?
    var owner: Int?
    var isReadable = false
    var isEmpty = false
    var format: Format?
    var parseError: ParseError?
    /// What could not be read, where that is not a parse error.
    var unknown: Unknown?
    var documentKind = ""
    var documentVersion = ""
    var currentContext = ""
    var clusters: [NamedCluster] = []
    var users: [NamedUser] = []
    var contexts: [NamedContext] = []
    var mismatches: [KubeconfigDecoder.Mismatch] = []

    /// Whether client-go takes it: a missing file is no error, one with a fault anywhere is.
    var isLoaded: Bool { isReadable && parseError == nil && mismatches.isEmpty && hasUsableKind && hasUsableVersion }
    var hasUsableKind: Bool { documentKind.isEmpty || documentKind == "Config" }
    /// Whether client-go knows the version; it has one, and takes a file that names none for it.
    var hasUsableVersion: Bool { documentVersion.isEmpty || documentVersion == "v1" }
    var isParsed: Bool { isReadable && parseError == nil }

    init(path: String) { self.path = path }

    static func read(_ path: String, in surroundings: Surroundings) async -> KubeconfigFile {
        var file = KubeconfigFile(path: path)
        do throws(Unknown) {
            let status = try await surroundings.effects.status(of: path)
            (file.mode, file.owner) = (status.mode, status.owner)
            switch status.kind {
            case .directory: file.kind = .directory
            case .regular, .symbolicLink: file.kind = .regular
            case .other: file.kind = .other
            }
        } catch {
            file.note(error)
        }
        guard file.kind == .regular else { return file }
        do throws(Unknown) {
            let bytes = try await surroundings.effects.readFile(path, limit: Limits.kubeconfig.bytes)
            file.isReadable = true
            file.parse(bytes, workingDirectory: surroundings.environment["PWD"])
        } catch {
            file.note(error)
        }
        return file
    }

    private mutating func note(_ error: Unknown) {
        switch error.reason {
        case .notFound: kind = .missing
        case .denied, .needsRoot:
            if kind == .missing { kind = .denied }
        case .truncated:
            isReadable = true
            parseError = ParseError(
                message: "the file is larger than \(Limits.kubeconfig.bytes >> 20) MiB", line: 1, column: 1, text: "")
        case .timedOut, .notApplicable, .noKubeconfig, .notCollected, .unreachable, .redacted, .malformed,
            .notAllowed, .inputMissing:
            unknown = error
            if kind == .missing { kind = .other }
        }
    }
}

extension KubeconfigFile {
    /// Reads the text as client-go does: the first document only, and an empty file is an empty kubeconfig.
    mutating func parse(_ bytes: [UInt8], workingDirectory: String? = nil) {
        guard !bytes.isEmpty else {
            isEmpty = true
            return
        }
        let result = YAML.parse(bytes, limits: .kubeconfig)
        let document = result.documents.first
        // go-yaml reads the first document alone, and lets the last of two equal keys win.
        let error = result.errors.first { error in
            error.code != .duplicateKey && (document.map { error.mark < $0.span.end } ?? true)
        }
        format = Format(of: bytes, root: error == nil ? document : nil)
        if let error {
            parseError = ParseError(
                message: error.message, line: error.mark.line, column: error.mark.column,
                text: Self.shownLine(error.mark.line, of: bytes))
            return
        }
        guard let document, document.jsonKind != .null else {
            isEmpty = true
            format = nil
            return
        }
        guard let fields = Fields(document) else {
            parseError = ParseError(
                message: "this is no kubeconfig: a map with clusters, users and contexts was expected",
                line: document.span.start.line, column: document.span.start.column,
                text: Self.shownLine(document.span.start.line, of: bytes))
            return
        }
        decode(fields, workingDirectory)
    }

    private mutating func decode(_ fields: Fields, _ workingDirectory: String?) {
        var decoder = KubeconfigDecoder(origin: path, workingDirectory: workingDirectory)
        documentKind = decoder.topString(fields, "kind")
        documentVersion = decoder.topString(fields, "apiVersion")
        currentContext = decoder.topString(fields, "current-context")
        clusters = decoder.clusters(fields["clusters"])
        users = decoder.users(fields["users"])
        contexts = decoder.contexts(fields["contexts"])
        mismatches = decoder.mismatches
    }

    /// A line for an error message; the values of a kubeconfig's long or secret fields are left out.
    static func shownLine(_ number: Int, of bytes: [UInt8]) -> String {
        var lines = bytes.split(
            separator: UInt8(ascii: "\n"), maxSplits: max(number, 1), omittingEmptySubsequences: false
        )
        .makeIterator()
        var line: ArraySlice<UInt8> = []
        for _ in 0..<max(number, 1) {
            guard let next = lines.next() else { return "" }
            line = next
        }
        let text = String(decoding: line.prefix(200), as: UTF8.self)
        let lowered = text.lowercased()
        let secrets = ["token", "password", "-data", "secret", "key", "value"]
        guard secrets.contains(where: lowered.contains), let colon = text.firstIndex(of: ":") else {
            return text.contains { !$0.isWhitespace } && !Redaction.looksSecret(text) ? text : ""
        }
        return text[...colon] + " …"
    }
}

extension KubeconfigFile.Format {
    /// - Parameter root: the first document where the text could be read as YAML.
    init(of bytes: [UInt8], root: Node?) {
        let start = bytes.prefix(4096).drop { $0 <= UInt8(ascii: " ") }
        let head = String(decoding: start, as: UTF8.self)
        if let root, case .mapping = root.content {
            self = head.hasPrefix("{") ? .json : .yaml
        } else if head.hasPrefix("{") {
            self = .json
        } else if head.hasPrefix("-----BEGIN") {
            self = .pem
        } else if head.hasPrefix("<") {
            self = .html
        } else if bytes.count >= 16,
            let decoded = try? Base64.decode(
                String(decoding: bytes, as: UTF8.self).filter {
                    !$0.isWhitespace
                }), decoded.contains(UInt8(ascii: ":"))
        {
            self = .base64
        } else if bytes.contains(0) || root != nil {
            self = .other
        } else {
            self = .yaml
        }
    }
}
