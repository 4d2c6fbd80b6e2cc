internal import CEL

extension String {
    /// The text without what looks like a secret, also short values under names that secrets have.
    ///
    /// For what is shown of files and of what commands print.
    package var withoutSecrets: String {
        guard let pattern = Redaction.namedSecret else { return Redaction.redact(self) }
        return Redaction.replace(pattern, group: 1, in: Redaction.redact(self))
    }
}

extension Redaction {
    /// The fields of kubeconfigs and cloud configurations that hold secrets themselves, in YAML and JSON.
    fileprivate static let namedSecret = try? Pattern(
        #"(?i)(?:^|[\s{,"'])(?:(?:id|refresh|access)?-?token|password|client-key-data|client-secret|[a-z_-]*secret_?access_?key|[a-z_-]*session_?token)["']?:[ \t]+["']?([^\s,}"']+)"#
    )
}
