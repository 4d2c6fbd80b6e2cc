internal import CEL
internal import Facts
internal import FoundationEssentials

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
        let access = await SelectedAccess.load(in: surroundings)
        let platform = Platform(PlatformCollector.traces(of: access))
        let hints = access.user.exec.map(ExecPlugin.hints)
        let given = parameters["profile"].text
        guard platform.name == .eks || hints?.provider == .aws || given != nil else {
            if let obstacle = access.kubeconfig.obstacle { throw obstacle }
            throw Unknown(.notApplicable, "nothing in the kubeconfig leads to AWS")
        }
        let command = AWSCommand(
            profile: given ?? hints?.profile ?? platform.profile, region: parameters["region"].text ?? platform.region,
            pluginEnvironment: access.user.exec?.environment ?? [])
        let output = try await command.run(["sts", "get-caller-identity"], in: surroundings)
        var values: [String: Value] = [:]
        values["profile"] = (command.profile ?? surroundings.environment["AWS_PROFILE"]).map(Value.string)
        values["region"] = command.region.map(Value.string)
        switch output {
        case .answer(let bytes):
            guard let caller = try? JSONDecoder().decode(Caller.self, from: Data(bytes)) else {
                throw Unknown(.malformed, "the aws CLI printed no JSON")
            }
            values.merge(Self.values(of: caller)) { $1 }
        case .failure(let code, let message):
            values["ok"] = .bool(false)
            values["errorCode"] = .string(code)
            values["errorMessage"] = .string(message)
        }
        return Observation(.map(Map(values)), source: command.line(["sts", "get-caller-identity"]))
    }
}

extension AWSIdentityCollector {
    struct Caller: Decodable {
        var account: String
        var arn: String

        private enum CodingKeys: String, CodingKey {
            case account = "Account"
            case arn = "Arn"
        }
    }

    static func values(of caller: Caller) -> [String: Value] {
        var values: [String: Value] = [
            "ok": .bool(true), "account": .string(caller.account), "arn": .string(caller.arn),
            "kind": .string("other"), "principalARN": .string(caller.arn),
        ]
        let parts = caller.arn.split(separator: ":", maxSplits: 5, omittingEmptySubsequences: false)
        guard parts.count == 6 else { return values }
        let path = parts[5].split(separator: "/")
        switch path.first {
        case "assumed-role" where path.count >= 2:
            values["kind"] = .string("role")
            values["roleName"] = .string(String(path[1]))
            values["sessionName"] = path.count > 2 ? .string(path[2...].joined(separator: "/")) : nil
            // The role's own path is not told here; aws-auth wants the ARN without it anyway.
            values["principalARN"] = .string("arn:\(parts[1]):iam::\(parts[4]):role/\(path[1])")
        case "user" where path.count >= 2:
            values["kind"] = .string("user")
            values["userName"] = path.last.map { .string(String($0)) }
        case "root": values["kind"] = .string("root")
        case "federated-user": values["kind"] = .string("federatedUser")
        default: break
        }
        return values
    }
}
