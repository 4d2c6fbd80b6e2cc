internal import CEL
internal import Facts

/// The kubeconfig as kubectl would load it, file by file and merged, for the selected context.
struct KubeconfigCollector: Collector {
    let declaration = Declaration(
        "kubeconfig",
        summary: "The kubeconfig as client-go loads it: its files, and the selected context's cluster and user.",
        returns: Self.type, fields: Self.meanings, words: Self.words, cost: .file,
        privileges: ["read the kubeconfig and the files that it names"],
        secrets: ["user.token", "user.password", "user.clientKey", "user.exec.env", "user.authProvider.config"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        try surroundings.requireHere()
        let access = await SelectedAccess.load(in: surroundings)
        let fact = KubeconfigFact(
            access: access, isInCluster: await Kubeconfig.isInCluster(surroundings),
            environment: surroundings.environment)
        return Observation(fact.value, source: access.kubeconfig.files.map(\.path).joined(separator: ":"))
    }
}

extension KubeconfigCollector {
    /// Objects are always there (a context without user has an empty `user`), so that conditions need `has` only for
    /// leaves.
    static let type = ValueType.object([
        "source": .string, "paths": .list(.string), "files": .list(file), "loaded": .bool, "isEmpty": .bool,
        "currentContext": .string, "contextName": .string, "contextExists": .bool, "contexts": .list(.string),
        "nearestContexts": .list(.string), "clusters": .list(.string), "users": .list(.string),
        "context": .object(["cluster": .string, "user": .string, "namespace": .string]),
        "clusterExists": .bool, "userExists": .bool, "nearestClusters": .list(.string),
        "nearestUsers": .list(.string), "cluster": cluster, "user": user,
        "servers": .list(.object(["context": .string, "server": .string])),
        "problems": .list(.object(["code": .string, "message": .string, "path": .string])),
        "defaultsToLocalhost8080": .bool, "fallsBackToInCluster": .bool, "hiddenByEarlierFile": .list(.string),
    ])

    static let file = ValueType.object([
        "path": .string, "kind": .string, "readable": .bool, "mode": .int, "modeText": .string, "owner": .int,
        "empty": .bool, "parsed": .bool, "format": .string, "documentKind": .string,
        "documentVersion": .string,
        "parseError": .object(["message": .string, "line": .int, "column": .int, "text": .string]),
        "contexts": .list(.string), "clusters": .list(.string), "users": .list(.string), "currentContext": .string,
    ])

    static let cluster = ValueType.object([
        "name": .string, "file": .string, "server": .string, "scheme": .string, "host": .string, "port": .int,
        "serverProblem": .string, "isLoopback": .bool,
        "certificateAuthority": .object([
            "source": .string, "path": .string, "problem": .string, "detail": .string,
            "certificates": .list(CertificateFields.type),
        ]),
        "insecureSkipTLSVerify": .bool, "tlsServerName": .string, "proxyURL": .string, "hasDataAndFile": .bool,
    ])

    static let user = ValueType.object([
        "name": .string, "file": .string, "credentialKinds": .list(.string),
        "clientCertificate": .object(
            CertificateFields.fields.merging([
                "source": .string, "path": .string, "problem": .string, "detail": .string,
                "hasDataAndFile": .bool, "issuedByClusterCA": .bool,
            ]) { $1 }),
        "clientKey": .object([
            "source": .string, "path": .string, "problem": .string, "detail": .string, "hasDataAndFile": .bool,
            "matchesCertificate": .bool,
        ]),
        "token": TokenFields.type,
        "tokenFile": .object(["path": .string, "problem": .string]),
        "exec": .object([
            "command": .string, "args": .list(.string), "apiVersion": .string, "installHint": .string,
            "environmentNames": .list(.string), "interactiveMode": .string, "provideClusterInfo": .bool,
            "provider": .string, "clusterName": .string, "region": .string, "profile": .string, "roleARN": .string,
        ]),
        "authProvider": .object([
            "name": .string, "idToken": TokenFields.type, "hasRefreshToken": .bool, "issuer": .string,
            "clientID": .string,
        ]),
        "hasBasicAuth": .bool, "impersonates": .string,
    ])

    static let words: [String: [String]] = [
        "source": Kubeconfig.Source.words, "files.kind": KubeconfigFile.Kind.words,
        "files.format": KubeconfigFile.Format.words, "problems.code": KubeconfigProblem.Code.words,
        "cluster.serverProblem": ServerURL.Problem.words,
        "cluster.certificateAuthority.source": LoadedMaterial.Source.words,
        "cluster.certificateAuthority.problem": LoadedMaterial.Problem.words,
        "user.clientCertificate.source": LoadedMaterial.Source.words,
        "user.clientCertificate.problem": LoadedMaterial.Problem.words,
        "user.clientKey.source": LoadedMaterial.Source.words, "user.clientKey.problem": LoadedMaterial.Problem.words,
        "user.tokenFile.problem": SelectedAccess.TokenFileProblem.words,
        "user.exec.provider": ExecPlugin.Provider.words,
    ].merging(TokenFields.words(at: "user.token")) { $1 }
        .merging(TokenFields.words(at: "user.authProvider.idToken")) { $1 }

    static let meanings: [String: String] = [
        "source": "flag (--kubeconfig), KUBECONFIG or default (~/.kube/config)",
        "paths": "every path that was looked at, in order",
        "files.kind": "regular, directory, missing, denied or other",
        "files.documentKind": "the file's `kind`; anything but Config is refused",
        "files.documentVersion": "the file's `apiVersion`; anything but v1 is refused",
        "files.format": "yaml, json, base64, pem, html or other; absent where the file could not be read or is empty",
        "files.owner": "user id",
        "files.mode": "permission bits as a number; modeText writes them in octal",
        "loaded": "at least one file was read, and none that exists failed to be",
        "isEmpty": "nothing but (perhaps) apiVersion and kind came out of all the files together",
        "contextName": "the selected context: --context, else current-context; absent where neither is set",
        "nearestContexts": "names that contextName may have been meant to be, the nearest first",
        "cluster.serverProblem":
            "none, missing, noScheme, unknownScheme, noHost, invalidPort, whitespace or malformed",
        "cluster.port": "the scheme's default where the URL has none",
        "cluster.certificateAuthority.source": "data, file or none",
        "cluster.certificateAuthority.problem":
            "none, missing, unreadable, directory, empty, notBase64, notPEM, wrongPEM or malformed",
        "cluster.hasDataAndFile": "both certificate-authority-data and certificate-authority are set",
        "cluster.proxyURL": "without its password",
        "user.credentialKinds": "of clientCertificate, token, tokenFile, basic, exec, authProvider; what is configured",
        "user.clientCertificate.problem":
            "none, missing, unreadable, directory, empty, notBase64, notPEM, wrongPEM or malformed",
        "user.clientCertificate.issuedByClusterCA":
            "the signature was made by one of the cluster's authorities as the kubeconfig has them; absent where it "
            + "has none",
        "user.clientKey.matchesCertificate": "absent where key or certificate could not be read",
        "user.exec.provider": "aws, gcp, azure, oidc or other",
        "user.exec.args": "values of secret-looking flags are removed",
        "user.tokenFile.problem": "none, missing, unreadable, directory or empty; absent where none is configured",
        "problems": "what client-go would refuse, as it finds it, with stable codes",
        "defaultsToLocalhost8080": "no server comes out of it, so kubectl silently talks to http://localhost:8080",
        "fallsBackToInCluster": "it is empty and this is a pod, so client-go takes the pod's service account",
        "hiddenByEarlierFile":
            "what more than one file defines, each differently: `cluster c`, `user u`; only the first file's counts",
    ].merging(TokenFields.meanings.map { ("user.token.\($0)", $1) }) { $1 }
        .merging(CertificateFields.meanings.map { ("user.clientCertificate.\($0)", $1) }) { $1 }
}
