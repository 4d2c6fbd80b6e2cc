/// What the clouds' CLIs say when they cannot give a credential, by the words that stay the same over their versions.
enum PluginErrors {
    /// In this order: the special before the general.
    private static let words: [(code: String, any: [String])] = [
        (
            "assumeRoleDenied",
            [
                "(AccessDenied) when calling the AssumeRole operation", "is not authorized to perform: sts:AssumeRole",
                "calling the AssumeRoleWithWebIdentity operation", "calling the AssumeRoleWithSAML operation",
            ]
        ),
        (
            "ssoSessionExpired",
            [
                "Token has expired and refresh failed", "The SSO session associated with this profile has expired",
                "Error loading SSO Token", "Error when retrieving token from sso", "SSO Token has expired",
                "UnauthorizedSSOTokenError", "The SSO access token has expired",
            ]
        ),
        (
            "profileNotFound",
            ["The config profile (", "SharedConfigProfileNotExist", "failed to get shared config profile"]
        ),
        ("expiredToken", ["(ExpiredToken)", "ExpiredTokenException", "ExpiredToken:", "RequestExpired"]),
        (
            "invalidCredentials",
            [
                "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure",
                "InvalidAccessKeyId", "IncompleteSignature",
            ]
        ),
        (
            "clientSecretInvalid",
            ["AADSTS7000215", "AADSTS7000222", "Invalid client secret", "client secret keys for app", "invalid_client"]
        ),
        ("groupOverage", ["overage claim", "more than 200 groups", "_claim_names"]),
        (
            "noCredentials",
            [
                "Unable to locate credentials", "NoCredentialProviders", "could not find default credentials",
                "no EC2 IMDS role found", "failed to refresh cached credentials", "NoCredentialsError",
                "You do not currently have an active account selected", "no valid providers in chain",
                "failed to acquire a token", "Please run 'az login'",
            ]
        ),
        (
            "loginRequired",
            [
                "There was a problem refreshing your current auth tokens", "Reauthentication", "reauth related error",
                "AADSTS700082", "AADSTS50173", "AADSTS50078", "AADSTS65001", "AADSTS70043", "az login",
                "gcloud auth login", "invalid_grant", "oauth2: token expired and refresh token is not set",
                "device code", "AADSTS70016", "AADSTS50076",
            ]
        ),
        ("accessDenied", ["AccessDenied", "PERMISSION_DENIED", "AuthorizationFailed", "access_denied"]),
        (
            "network",
            [
                "Could not connect to the endpoint URL", "no such host", "Name or service not known",
                "connection refused", "i/o timeout", "Connection timed out", "getaddrinfo failed",
                "Failed to establish a new connection",
            ]
        ),
    ]

    static func code(of text: String) -> String? {
        words.first { entry in entry.any.contains { text.contains($0) } }?.code
    }

    /// The role that a denial names: `…on resource: arn:aws:iam::111122223333:role/NAME`.
    static func deniedRole(in text: String) -> String? {
        guard let start = text.firstRange(of: "on resource: arn:") else { return nil }
        let arn = text[start.upperBound...].prefix { !$0.isWhitespace && $0 != "\"" && $0 != "," }
        return "arn:" + arn
    }
}
