package import Facts

/// What a source is given: a level, and within it what its rule names.
package struct Grant: Sendable, Hashable {
    package var level: TrustPolicy.Level
    /// Patterns as a library declares them; `nil`: whatever it declares.
    package var commands: [[String]]?
    package var hosts: [String]?
    package var files: [String]?
    package var resources: [String]?
    /// The rule that says so; `nil`: no rule matches, and a person agreed.
    package var rule: String?

    package init(level: TrustPolicy.Level, rule: String? = nil) {
        self.level = level
        self.rule = rule
    }
}

extension LibraryHome.InForce {
    /// Why `triage fix` may not run its remedies; `nil`: it may.
    package var remedyRefusal: String? {
        if grant.level < .remedies { return "is trusted for '\(grant.level.rawValue)', not to run remedies" }
        return package.manifest.permissions.remedies == .runnable
            ? nil : "does not ask to run its remedies (permissions.remedies: runnable)"
    }

    /// What its playbooks may have done for them: what it declares, as far as its level and its rule allow.
    package var permissions: Surroundings.Permissions {
        let name = package.manifest.name
        let declared = package.manifest.permissions
        let needed = TrustPolicy.Level.allCases.filter { $0 > grant.level && $0 < .remedies }.last
        let raising =
            grant.rule.map { "the rule for '\($0)' in trust.yaml sets its level to '\(grant.level.rawValue)'" }
            ?? "'triage library trust \(name) --level \((needed ?? .commands).rawValue)' allows what it asks for"
        return Surroundings.Permissions(
            holder: "the library '\(name)'",
            limits: [
                Surroundings.Permissions.Limit(
                    commands: grant.level < .commands ? [] : nil, hosts: grant.level < .hosts ? [] : nil, hint: raising),
                Surroundings.Permissions.Limit(
                    commands: grant.commands, hosts: grant.hosts, files: grant.files, resources: grant.resources,
                    hint: "the rule for '\(grant.rule ?? "*")' in trust.yaml does not name it"),
                Surroundings.Permissions.Limit(
                    commands: declared.commands, hosts: declared.hosts, files: declared.files,
                    resources: declared.resources, hint: "library.yaml of \(package.title) does not ask for it"),
            ])
    }
}
