internal import CEL
internal import Facts
internal import FoundationEssentials

/// What AWS says of the EKS cluster, and whom it lets in.
struct EKSClusterCollector: Collector {
    let declaration = Declaration(
        "aws.eks.cluster",
        summary: "What AWS says of the EKS cluster: its state, endpoint, and the identities that have an access entry.",
        parameters: [
            .init("name", .string, "the cluster's name; default: as the kubeconfig tells"),
            .init("region", .string, "the AWS region; default: as the kubeconfig tells"),
        ],
        returns: .object([
            "exists": .bool, "status": .string, "endpoint": .string, "endpointMatches": .bool,
            "authenticationMode": .string, "accessEntries": .list(.string), "errorCode": .string,
            "errorMessage": .string,
        ]),
        fields: [
            "status": "ACTIVE, CREATING, DELETING, FAILED, UPDATING or PENDING",
            "endpointMatches": "the kubeconfig's server is the cluster's endpoint",
            "authenticationMode": "CONFIG_MAP, API or API_AND_CONFIG_MAP",
            "accessEntries": "ARNs of the identities; absent where they may not be listed, and errorCode says why",
            "errorCode":
                "AWS's own code where it did not answer, or notNamed where the kubeconfig tells no cluster's name",
        ],
        cost: .network, privileges: ["eks:DescribeCluster", "eks:ListAccessEntries"])

    private struct Described: Decodable {
        struct Cluster: Decodable {
            struct AccessConfiguration: Decodable { var authenticationMode: String? }

            var status: String?
            var endpoint: String?
            var accessConfig: AccessConfiguration?
        }

        var cluster: Cluster
    }

    private struct Entries: Decodable { var accessEntries: [String] }

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let access = await SelectedAccess.load(in: surroundings)
        let platform = Platform(PlatformCollector.traces(of: access))
        guard let name = parameters["name"].text ?? platform.cluster,
            parameters["name"].text != nil || platform.name == .eks
        else {
            if let obstacle = access.kubeconfig.obstacle { throw obstacle }
            guard platform.name == .eks else {
                throw Unknown(.notApplicable, "nothing in the kubeconfig leads to an EKS cluster")
            }
            return Observation(
                .map(["errorCode": .string("notNamed")]), source: Kubeconfig.source(in: surroundings))
        }
        let command = AWSCommand(
            profile: platform.profile, region: parameters["region"].text ?? platform.region,
            pluginEnvironment: access.user.exec?.environment ?? [])
        let words = ["eks", "describe-cluster", "--name=\(name)"]
        switch try await command.run(words, in: surroundings) {
        case .failure(let code, let message):
            guard code != "endpointUnreachable" else { throw Unknown(.unreachable, message) }
            var values: [String: Value] = ["errorCode": .string(code), "errorMessage": .string(message)]
            if code == "ResourceNotFoundException" { values["exists"] = .bool(false) }
            return Observation(.map(Map(values)), source: command.line(words))
        case .answer(let bytes):
            guard let cluster = try? JSONDecoder().decode(Described.self, from: Data(bytes)).cluster else {
                throw Unknown(.malformed, "the aws CLI printed no cluster")
            }
            var values: [String: Value] = ["exists": .bool(true)]
            values["status"] = cluster.status.map(Value.string)
            values["endpoint"] = cluster.endpoint.map(Value.string)
            values["endpointMatches"] = cluster.endpoint.map { endpoint in
                .bool(ServerURL(endpoint, usesTLS: true).host.lowercased() == access.server.host.lowercased())
            }
            values["authenticationMode"] = cluster.accessConfig?.authenticationMode.map(Value.string)
            values.merge(try await entries(name, command, in: surroundings)) { $1 }
            return Observation(.map(Map(values)), source: command.line(words))
        }
    }

    private func entries(
        _ name: String, _ command: AWSCommand, in surroundings: Surroundings
    ) async throws(Unknown) -> [String: Value] {
        switch try await command.run(["eks", "list-access-entries", "--cluster-name=\(name)"], in: surroundings) {
        case .failure(let code, let message):
            return ["errorCode": .string(code), "errorMessage": .string(message)]
        case .answer(let bytes):
            guard let entries = try? JSONDecoder().decode(Entries.self, from: Data(bytes)) else {
                throw Unknown(.malformed, "the aws CLI printed no access entries")
            }
            return ["accessEntries": .texts(entries.accessEntries)]
        }
    }
}
