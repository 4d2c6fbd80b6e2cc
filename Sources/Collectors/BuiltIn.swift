package import Facts

extension Catalogue {
    /// Every collector that ships with triage, by area; a new one is a file of its own and one line here.
    package static let builtIn = Catalogue([
        TextCollector(),
        EnvironmentCollector(),
        PodServiceAccountCollector(),
        KubeconfigCollector(),
        CertificateCollector(),
        CredentialPluginCollector(),
        CredentialPluginRunCollector(),
        CredentialVerdictCollector(),
        PlatformCollector(),
        AWSIdentityCollector(),
        EKSClusterCollector(),
        APIServerAuthenticationCollector(),
        SwapCollector(),
        FstabCollector(),
        SwapUnitsCollector(),
        CgroupCollector(),
        ContainerCollector(),
        KubeletConfigCollector(),
        KubeletProcessCollector(),
        EtcdMembersCollector(),
        EtcdPeersCollector(),
        EtcdLogsCollector(),
        ConnectionCollector(),
        VersionCollector(),
        AuthenticationCollector(),
        PortsCollector(),
        LocalServerCollector(),
        KubernetesCollector(),
        CommandCollector(),
        FileCollector(),
        HTTPCollector(),
        LogsCollector(),
    ])
}
