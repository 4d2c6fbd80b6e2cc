internal import CEL
internal import Facts

/// Who AWS says we are.
struct AWSIdentityCollector: Collector {
    let declaration = Declaration(
        "aws.identity",
        summary: "Who AWS says the credentials in force belong to (`aws sts get-caller-identity`).",
        parameters: [
            .init("profile", .string, "the AWS profile; default: the credential plugin's, else AWS_PROFILE"),
            .init("region", .string, "the AWS region; default: the credential plugin's, else the cluster's"),
        ],
        returns: .object([
            "ok": .bool, "account": .string, "arn": .string, "kind": .string, "roleName": .string,
            "userName": .string, "sessionName": .string, "principalARN": .string,
            "errorCode": .string, "errorMessage": .string, "profile": .string, "region": .string,
        ]),
        fields: [
            "kind": "role, user, root, federatedUser or other",
            "principalARN": "as access entries and aws-auth name it: of the role, not of the session",
            "errorCode":
                "AWS's own code (ExpiredToken, InvalidClientTokenId, …), or noCredentials, profileNotFound, "
                + "ssoSessionExpired, endpointUnreachable, other; absent where ok",
        ],
        cost: .network, privileges: ["run the aws CLI (sts:GetCallerIdentity needs no permission)"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        throw Unknown(.notCollected, "AWS is not asked yet")
    }
}
