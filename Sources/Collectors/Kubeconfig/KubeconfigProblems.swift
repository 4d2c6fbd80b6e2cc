internal import Facts

/// Something that client-go refuses, or cannot work.
struct KubeconfigProblem: Sendable {
    enum Code: String, Sendable, CaseIterable {
        case fileMissing, fileUnreadable, fileIsDirectory, fileIsNoFile, malformed, wrongKind, wrongVersion, wrongType,
            dataNotBase64
        case contextNotFound, clusterNotSpecified, clusterNotFound, userNotSpecified, userNotFound
        case serverMissing, serverInvalid, proxyInvalid, namespaceInvalid
        case authorityDataAndFile, certificateDataAndFile, keyDataAndFile
        case authorityUnusable, certificateUnusable, keyUnusable, keyMissing, keyMismatch, tokenFileUnusable
        case insecureWithAuthority, tokenAndBasic, impersonationWithoutUser
        case execWithoutCommand, execWithoutVersion, execVersionUnsupported, execInteractiveMode, execWithAuthProvider
        case authProviderRemoved
    }

    var code: Code
    var message: String
    /// Where in the kubeconfig: `users[0].user.client-key-data`, or a file's path.
    var path: String

    init(_ code: Code, _ message: String, _ path: String) {
        self.code = code
        self.message = message
        self.path = path
    }
}

extension SelectedAccess {
    /// In the order in which client-go comes to them.
    var problems: [KubeconfigProblem] {
        kubeconfig.fileProblems + contextProblems + clusterProblems + certificateProblems + userProblems
            + execProblems
    }

    private var contextProblems: [KubeconfigProblem] {
        let name = kubeconfig.contextName
        guard kubeconfig.isLoaded, !name.isEmpty else { return [] }
        let path = "contexts.\(name)"
        guard let context = kubeconfig.context else {
            return [.init(.contextNotFound, "there is no context '\(name)'", path)]
        }
        var problems: [KubeconfigProblem] = []
        if context.cluster.isEmpty {
            problems.append(.init(.clusterNotSpecified, "context '\(name)' names no cluster", path))
        } else if kubeconfig.cluster == nil {
            problems.append(.init(.clusterNotFound, "there is no cluster '\(context.cluster)'", path))
        }
        if context.user.isEmpty {
            problems.append(.init(.userNotSpecified, "context '\(name)' names no user", path))
        } else if kubeconfig.user == nil {
            problems.append(.init(.userNotFound, "there is no user '\(context.user)'", path))
        }
        let label = context.namespace
        let allowed = label.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-")
        }
        if !label.isEmpty, !allowed || label.utf8.count > 63 || label.hasPrefix("-") || label.hasSuffix("-") {
            problems.append(.init(.namespaceInvalid, "'\(label)' is no name of a namespace", path + ".namespace"))
        }
        return problems
    }

    private var clusterProblems: [KubeconfigProblem] {
        guard kubeconfig.isLoaded, kubeconfig.cluster != nil else { return [] }
        let path = "clusters.\(cluster.name)"
        var problems: [KubeconfigProblem] = []
        if server.problem == .missing {
            problems.append(.init(.serverMissing, "cluster '\(cluster.name)' has no server", path))
        } else if !server.isUsable {
            problems.append(
                .init(.serverInvalid, "'\(server.shown)' is no URL of a server (\(server.problem.rawValue))", path))
        }
        if !cluster.proxyURL.isEmpty, !["http://", "https://", "socks5://"].contains(where: cluster.proxyURL.hasPrefix)
        {
            problems.append(.init(.proxyInvalid, "proxy-url must start with http://, https:// or socks5://", path))
        }
        if cluster.authority.hasBoth {
            problems.append(
                .init(
                    .authorityDataAndFile, "certificate-authority-data and certificate-authority are both set", path))
        }
        if authority.isPresent, cluster.skipsVerification {
            problems.append(
                .init(.insecureWithAuthority, "insecure-skip-tls-verify and an authority are both set", path))
        }
        problems += unusable(authority, .authorityUnusable, "certificate-authority", path)
        return problems
    }

    private var certificateProblems: [KubeconfigProblem] {
        guard kubeconfig.isLoaded, !user.certificate.isEmpty else { return [] }
        let path = "users.\(user.name)"
        var problems: [KubeconfigProblem] = []
        if user.certificate.hasBoth {
            problems.append(
                .init(.certificateDataAndFile, "client-certificate-data and client-certificate are both set", path))
        }
        if user.key.hasBoth {
            problems.append(.init(.keyDataAndFile, "client-key-data and client-key are both set", path))
        }
        if user.key.isEmpty {
            problems.append(.init(.keyMissing, "there is a client certificate and no client key", path))
        }
        problems += unusable(certificate, .certificateUnusable, "client-certificate", path)
        problems += unusable(key, .keyUnusable, "client-key", path)
        if keyMatchesCertificate == false {
            problems.append(.init(.keyMismatch, "the private key is not the certificate's", path))
        }
        return problems
    }

    private func unusable(
        _ material: LoadedMaterial, _ code: KubeconfigProblem.Code, _ field: String, _ path: String
    ) -> [KubeconfigProblem] {
        guard material.isPresent, material.problem != .none else { return [] }
        let place = material.source == .file ? material.path : "\(path).\(field)-data"
        let words =
            switch material.problem {
            case .none: ""
            case .missing: "the file does not exist"
            case .unreadable: "the file may not be read"
            case .directory: "it is a directory"
            case .empty: "it is empty"
            case .notBase64, .notPEM, .wrongPEM, .malformed: material.detail
            }
        return [.init(code, "\(field): \(words)", place)]
    }

    private var userProblems: [KubeconfigProblem] {
        guard kubeconfig.isLoaded, kubeconfig.user != nil else { return [] }
        let path = "users.\(user.name)"
        var problems: [KubeconfigProblem] = []
        if let problem = tokenFileProblem, problem != .none, user.token.isEmpty {
            problems.append(.init(.tokenFileUnusable, "tokenFile: \(problem.rawValue)", user.tokenFile))
        }
        if !user.token.isEmpty, !user.username.isEmpty || !user.password.isEmpty {
            problems.append(.init(.tokenAndBasic, "a token and a user name or password are both set", path))
        }
        let impersonation = user.impersonation
        if impersonation.user.isEmpty,
            !impersonation.uid.isEmpty || !impersonation.groups.isEmpty || !impersonation.extra.isEmpty
        {
            problems.append(.init(.impersonationWithoutUser, "as-uid, as-groups or as-user-extra without as", path))
        }
        // Since 1.26 (kubernetes/kubernetes#112341): only a stub that says so is left of these.
        if let name = user.authProvider?.name, ["gcp", "azure"].contains(name) {
            problems.append(.init(.authProviderRemoved, "the \(name) auth provider is gone since 1.26", path))
        }
        return problems
    }

    private var execProblems: [KubeconfigProblem] {
        guard kubeconfig.isLoaded, let exec = user.exec else { return [] }
        let path = "users.\(user.name).exec"
        var problems: [KubeconfigProblem] = []
        if user.authProvider != nil {
            problems.append(.init(.execWithAuthProvider, "exec and auth-provider are both set", path))
        }
        if exec.command.isEmpty { problems.append(.init(.execWithoutCommand, "exec has no command", path)) }
        if exec.apiVersion.isEmpty {
            problems.append(.init(.execWithoutVersion, "exec has no apiVersion", path))
        } else if !ExecPlugin.supportedVersions.contains(exec.apiVersion) {
            problems.append(
                .init(.execVersionUnsupported, "'\(exec.apiVersion)' is no version that client-go speaks", path))
        }
        if !["Never", "IfAvailable", "Always"].contains(exec.interactiveMode) {
            let words = exec.interactiveMode.isEmpty ? "is missing" : "'\(exec.interactiveMode)' is unknown"
            problems.append(.init(.execInteractiveMode, "interactiveMode \(words)", path))
        }
        return problems
    }
}

extension Kubeconfig {
    fileprivate var fileProblems: [KubeconfigProblem] {
        files.flatMap { file -> [KubeconfigProblem] in
            switch file.kind {
            case .missing: return source == .flag ? [.init(.fileMissing, "the file does not exist", file.path)] : []
            case .denied: return [.init(.fileUnreadable, "the file may not be looked at", file.path)]
            case .directory: return [.init(.fileIsDirectory, "it is a directory", file.path)]
            case .other: return [.init(.fileIsNoFile, "it is no regular file", file.path)]
            case .regular: break
            }
            guard file.isReadable else { return [.init(.fileUnreadable, "the file may not be read", file.path)] }
            if let error = file.parseError {
                return [.init(.malformed, error.message, "\(file.path):\(error.line):\(error.column)")]
            }
            var problems = file.mismatches.map { mismatch -> KubeconfigProblem in
                let isData = mismatch.message.hasPrefix("illegal base64")
                return .init(
                    isData ? .dataNotBase64 : .wrongType, mismatch.message,
                    "\(file.path):\(mismatch.line):\(mismatch.column): \(mismatch.path)")
            }
            if !file.hasUsableKind {
                problems.append(.init(.wrongKind, "its kind is '\(file.documentKind)', not Config", file.path))
            }
            if !file.hasUsableVersion {
                problems.append(
                    .init(.wrongVersion, "its apiVersion is '\(file.documentVersion)', not v1", file.path))
            }
            return problems
        }
    }
}
