internal import CEL
internal import Facts

/// The type that a bearer token has inside a fact: what can be told of it without telling the token.
enum TokenFields {
    static let claims = ValueType.object([
        "issuer": .string, "subject": .string, "audiences": .list(.string),
        "expiresAt": .timestamp, "issuedAt": .timestamp, "notBefore": .timestamp,
        "email": .string, "username": .string, "groups": .list(.string), "hasGroupOverage": .bool,
        "serviceAccount": .object(["namespace": .string, "name": .string, "uid": .string]),
        "boundTo": .object(["kind": .string, "name": .string, "uid": .string]),
    ])

    static let type = ValueType.object([
        "kind": .string, "source": .string, "malformation": .string, "algorithm": .string, "keyId": .string,
        "claims": claims,
    ])

    /// The only words of its texts, where there are few; at the path of the token.
    static func words(at path: String) -> [String: [String]] {
        ["\(path).kind": BearerToken.Kind.words, "\(path).malformation": BearerToken.Malformation.words]
    }

    static let meanings: [String: String] = [
        "kind": "jwt, opaque or none",
        "source": "where it stands: token, tokenFile, exec, authProvider or mounted",
        "malformation":
            "none, whitespace, quotes, base64OfToken, bearerPrefix, empty, nonASCII, truncated, repeated (pasted twice) or "
            + "damaged (a JWT of which parts cannot be decoded)",
        "claims": "always there; its fields only where the token is a JWT that has them. Nobody checked the signature",
        "claims.serviceAccount": "always there; empty where the token is not a service account's",
        "claims.boundTo": "the Pod, Secret or Node whose deletion ends a service account's token",
        "claims.hasGroupOverage": "Entra ID left the groups out because there are more than 200",
    ]
}
