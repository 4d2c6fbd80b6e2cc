internal import CEL
internal import FoundationEssentials

/// A bearer token and what can be told of it.
///
/// The token itself never becomes a fact.
struct BearerToken: Sendable {
    enum Kind: String, Sendable, CaseIterable { case jwt, opaque, none }
    enum Malformation: String, Sendable, CaseIterable {
        case none, whitespace, quotes, base64OfToken, bearerPrefix, empty, nonASCII, truncated, repeated, damaged
    }

    var text: String
    /// `token`, `tokenFile`, `exec`, `authProvider` or `mounted`.
    var source: String
    var malformation = Malformation.none
    var header: Header?
    var claims: Claims?

    var kind: Kind { text.isEmpty ? .none : claims == nil ? .opaque : .jwt }

    struct Header: Decodable, Sendable {
        var alg: String?
        var kid: String?
    }

    /// - Parameter isFile: a trailing line end is trimmed by client-go (`transport/token_source.go`).
    init(_ text: String, source: String, isFile: Bool = false) {
        self.text = isFile ? Self.trimmed(text) : text
        self.source = source
        var bare = Self.trimmed(self.text)
        if self.text.isEmpty {
            malformation = isFile ? .empty : .none
        } else if bare.isEmpty {
            malformation = .empty
        } else if bare.lowercased().hasPrefix("bearer ") {
            malformation = .bearerPrefix
            bare = Self.trimmed(String(bare.dropFirst(7)))
        } else if let first = bare.first, "\"'`".contains(first) {
            malformation = .quotes
            bare = bare.filter { !"\"'`".contains($0) }
        } else if bare != self.text || bare.contains(where: \.isWhitespace) {
            malformation = .whitespace
            bare = bare.filter { !$0.isWhitespace }
        } else if !bare.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) {
            malformation = .nonASCII
        } else if let inner = Self.decoded(bare) {
            malformation = .base64OfToken
            bare = inner
        } else if let half = Self.half(of: bare) {
            malformation = .repeated
            bare = half
        }
        read(bare)
    }

    /// The JWT inside of a token that was encoded once too often, as a Secret's `data.token` is.
    private static func decoded(_ text: String) -> String? {
        guard text.hasPrefix("ZXlK"), !text.contains("."), let bytes = try? Base64.decode(text) else { return nil }
        let inner = trimmed(String(decoding: bytes, as: UTF8.self))
        return inner.hasPrefix("eyJ") && inner.contains(".") ? inner : nil
    }

    /// What a token that was pasted twice holds twice; short ones may be so by themselves.
    private static func half(of text: String) -> String? {
        let count = text.utf8.count
        guard count >= 32, count.isMultiple(of: 2) else { return nil }
        let half = text.prefix(count / 2)
        return half == text.suffix(count / 2) ? String(half) : nil
    }

    /// What happened to a text that was a JWT once: its parts are too few, or not all can be decoded.
    private static func fault(of parts: [Substring], in text: String) -> Malformation {
        func object(_ part: Substring) -> Value? {
            guard let bytes = try? Base64.decodeURL(part), case .map? = try? Value.parseJSON(bytes) else { return nil }
            return try? Value.parseJSON(bytes)
        }
        let isHeader = object(parts[0])?[field: "alg"]?.text != nil
        switch parts.count {
        // An encrypted token (JWE) has five parts, and other tokens may be JSON as well.
        case 1 where text.contains("%2E") && text.hasPrefix("eyJ"): return .damaged
        case 1 where text.hasPrefix("eyJhbGciOi"): return .truncated
        case 2 where isHeader: return .truncated
        case 3 where isHeader && (try? Base64.decodeURL(parts[1])).flatMap({ try? Value.parseJSON($0) }) == nil:
            return .damaged
        case 3 where !isHeader && object(parts[1])?[field: "iss"]?.text != nil: return .damaged
        default: return .none
        }
    }

    private mutating func read(_ text: String) {
        guard text.utf8.count <= 64 << 10 else { return }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let head = try? Base64.decodeURL(parts[0]),
            let body = try? Base64.decodeURL(parts[1]),
            let header = try? JSONDecoder().decode(Header.self, from: Data(head)),
            let claims = try? JSONDecoder().decode(Claims.self, from: Data(body))
        else {
            if malformation == .none { malformation = Self.fault(of: parts, in: text) }
            return
        }
        self.header = header
        self.claims = claims
        if malformation == .none, isCutOff(parts[2]) { malformation = .truncated }
    }

    /// Whether the signature has a length that no key makes: those of RSA keys are multiples of 64 bytes.
    private func isCutOff(_ signature: Substring) -> Bool {
        guard header?.alg?.hasPrefix("RS") == true || header?.alg?.hasPrefix("PS") == true else { return false }
        // A base64 of 4n+1 characters encodes nothing; the rest of a made-up signature is short.
        guard signature.utf8.count > 86 else { return false }
        guard let bytes = try? Base64.decodeURL(signature) else { return true }
        return !bytes.count.isMultiple(of: 64)
    }

    private static func trimmed(_ text: String) -> String {
        String(text.trimmingPrefix(while: \.isWhitespace).reversed().trimmingPrefix(while: \.isWhitespace).reversed())
    }

    var value: Value {
        var values: [String: Value] = [
            "kind": .string(kind.rawValue), "malformation": .string(malformation.rawValue),
            "claims": (claims ?? Claims()).value,
        ]
        if kind != .none { values["source"] = .string(source) }
        values["algorithm"] = header?.alg.map(Value.string)
        values["keyId"] = header?.kid.map(Value.string)
        return .map(Map(values))
    }

    static let none = BearerToken("", source: "")
}

/// The claims of a JWT that tell who it is for; nobody checked the signature.
struct Claims: Decodable, Sendable {
    struct Reference: Decodable, Sendable {
        var name: String?
        var uid: String?
    }

    /// Of a service account's token since Kubernetes 1.21.
    struct Kubernetes: Decodable, Sendable {
        var namespace: String?
        var serviceaccount: Reference?
        var pod: Reference?
        var secret: Reference?
        var node: Reference?
    }

    var issuer: String?
    var subject: String?
    var audiences: [String] = []
    var expiresAt: Double?
    var issuedAt: Double?
    var notBefore: Double?
    var email: String?
    var username: String?
    var groups: [String] = []
    var hasGroupOverage = false
    var kubernetes: Kubernetes?
    /// Of the old tokens in Secrets: `kubernetes.io/serviceaccount/…`.
    var legacyAccount = Kubernetes()

    init() {}

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(_ name: String) { stringValue = name }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        func value<Result: Decodable>(_ name: String, as type: Result.Type = Result.self) -> Result? {
            try? container.decodeIfPresent(Result.self, forKey: Key(name))
        }
        issuer = value("iss")
        subject = value("sub")
        audiences = value("aud") ?? value("aud", as: String.self).map { [$0] } ?? []
        expiresAt = value("exp")
        issuedAt = value("iat")
        notBefore = value("nbf")
        email = value("email")
        username = value("preferred_username") ?? value("upn")
        groups = value("groups") ?? []
        // Entra ID: a link to the groups stands in for them.
        hasGroupOverage = container.contains(Key("_claim_names")) || value("hasgroups") ?? false
        kubernetes = value("kubernetes.io")
        let legacy = "kubernetes.io/serviceaccount/"
        if let name: String = value(legacy + "service-account.name") {
            legacyAccount.namespace = value(legacy + "namespace")
            legacyAccount.serviceaccount = Reference(name: name, uid: value(legacy + "service-account.uid"))
            legacyAccount.secret = value(legacy + "secret.name", as: String.self).map { Reference(name: $0) }
        }
    }

    var value: Value {
        var values: [String: Value] = ["audiences": .texts(audiences), "groups": .texts(groups)]
        values["issuer"] = issuer.map(Value.string)
        values["subject"] = subject.map(Value.string)
        values["expiresAt"] = expiresAt.flatMap(Self.timestamp)
        values["issuedAt"] = issuedAt.flatMap(Self.timestamp)
        values["notBefore"] = notBefore.flatMap(Self.timestamp)
        values["email"] = email.map(Value.string)
        values["username"] = username.map(Value.string)
        values["hasGroupOverage"] = .bool(hasGroupOverage)
        let account = kubernetes ?? legacyAccount
        var accountValues: [String: Value] = [:]
        if account.serviceaccount != nil { accountValues["namespace"] = account.namespace.map(Value.string) }
        accountValues["name"] = account.serviceaccount?.name.map(Value.string)
        accountValues["uid"] = account.serviceaccount?.uid.map(Value.string)
        values["serviceAccount"] = .map(Map(accountValues))
        values["boundTo"] = bound(account)
        return .map(Map(values))
    }

    private func bound(_ account: Kubernetes) -> Value {
        let references = [("Pod", account.pod), ("Secret", account.secret), ("Node", account.node)]
        guard let (kind, reference) = references.first(where: { $0.1 != nil }) else { return .map(Map()) }
        var values: [String: Value] = ["kind": .string(kind)]
        values["name"] = reference?.name.map(Value.string)
        values["uid"] = reference?.uid.map(Value.string)
        return .map(Map(values))
    }

    /// A time out of CEL's range (years 1 to 9999) is no time.
    private static func timestamp(_ seconds: Double) -> Value? {
        guard seconds.isFinite, (-62_135_596_800...253_402_300_799).contains(seconds) else { return nil }
        return .timestamp(Timestamp(seconds: Int64(seconds)))
    }
}
