package import CEL
package import Playbooks

/// The libraries of one person on one machine: where they are kept, who is trusted, what is pinned.
package struct LibraryHome: Sendable {
    /// A package that was fetched, verified and checked, and is not in force yet.
    package struct Candidate: Sendable {
        package var package: LibraryPackage
        package var playbooks: [Playbook]
        package var source: String
        package var transport: String
        package var admission: LibraryGate.Admission
    }

    /// A pinned library as it is used.
    package struct InForce: Sendable {
        package var package: LibraryPackage
        package var level: TrustPolicy.Level
    }

    package let store: LibraryStore
    package let gate: LibraryGate
    package let environment: [String: String]
    package let isOffline: Bool
    private let triageVersion: SemanticVersion?
    private let consentFile: String

    /// - Parameter lockFile: `nil`: `TRIAGE_LOCK`, else the person's own.
    package init(
        environment: [String: String], lockFile: String? = nil, now: Timestamp, triageVersion: String,
        isOffline: Bool = false
    ) throws(LibraryError) {
        func folder(_ variable: String, _ fallback: String) -> String {
            let given = environment[variable].flatMap { $0.hasPrefix("/") ? $0 : nil }
            return (given ?? (environment["HOME"] ?? "/root") + fallback) + "/triage"
        }
        let configuration = folder("XDG_CONFIG_HOME", "/.config")
        let given = lockFile ?? environment["TRIAGE_LOCK"].flatMap { $0.isEmpty ? nil : $0 }
        store = LibraryStore(
            cache: folder("XDG_CACHE_HOME", "/.cache") + "/libraries", lockFile: given ?? configuration + "/triage.lock"
        )
        gate = LibraryGate(policy: try TrustPolicy(folders: ["/etc/triage", configuration]), now: now)
        consentFile = configuration + "/consents"
        self.environment = environment
        self.isOffline = isOffline
        self.triageVersion = SemanticVersion(triageVersion)
    }

    // MARK: Use

    /// The pinned libraries, hashed and verified anew; those that may not be used are told and left out.
    package func inForce() -> (libraries: [InForce], errors: [LibraryError]) {
        var libraries: [InForce] = []
        var errors: [LibraryError] = []
        let lock: LibraryLock
        do throws(LibraryError) { lock = try store.lock() } catch { return ([], [error]) }
        for name in lock.order {
            guard let entry = lock.entries[name] else { continue }
            do throws(LibraryError) {
                let package = try store.package(entry.digest)
                guard package.manifest.name == name, package.manifest.permissions.hash == entry.permissions else {
                    throw LibraryError(.malformedLock, "the lock's entry '\(name)' does not describe its package")
                }
                libraries.append(InForce(package: package, level: try level(of: package, from: entry.source)))
            } catch {
                errors.append(error)
            }
        }
        return (libraries, errors)
    }

    private func level(of package: LibraryPackage, from source: String) throws(LibraryError) -> TrustPolicy.Level {
        switch try gate.admit(package, from: source).verdict {
        case .trusted(let level): return level
        case .needsConsent(let line):
            guard try hasConsent(line) else {
                throw LibraryError(
                    .consentNeeded, "nobody has agreed to \(package.title) from \(source)",
                    hint: "'triage library trust \(package.manifest.name)' shows what it asks for")
            }
            return gate.policy.level
        }
    }

    // MARK: Consent

    package func hasConsent(_ line: String) throws(LibraryError) -> Bool { try consents().contains(line) }

    package func addConsent(_ line: String) throws(LibraryError) {
        let lines = try consents()
        guard !lines.contains(line) else { return }
        try Disk.replace(consentFile, Array((lines + [line]).map { $0 + "\n" }.joined().utf8))
    }

    private func consents() throws(LibraryError) -> [String] {
        let bytes = try Disk.contentsIfPresent(of: consentFile, limit: 1 << 20) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    // MARK: Change

    /// Fetches, verifies and checks; nothing is written.
    package func candidate(
        _ reference: LibraryReference, pinned: LibraryLock.Entry? = nil, loader: Loader
    ) async throws(LibraryError) -> Candidate {
        let tree: PackageTree
        let transport: String
        if let pinned, store.contains(pinned.digest) {
            (tree, transport) = (try store.package(pinned.digest).tree, pinned.transport)
        } else {
            guard !isOffline || reference.transport == .directory else {
                throw LibraryError(.offline, "\(reference) is not in the cache, and --offline forbids to fetch it")
            }
            let fetched = try await reference.fetch(environment: environment, pinned: pinned?.transport)
            (tree, transport) = (fetched.tree, fetched.transport)
        }
        let package = try LibraryPackage(checking: tree)
        if let pinned, pinned.digest != package.digest {
            throw LibraryError(
                .locked, "\(reference) holds \(package.digest); the lock pins \(pinned.digest)",
                hint: "without --locked, 'triage library update' takes it after showing what changed")
        }
        if let triage = package.manifest.triage, let version = triageVersion, !triage.contains(version) {
            throw LibraryError(.missingDependency, "\(package.title) wants triage \(triage); this is \(version)")
        }
        return Candidate(
            package: package, playbooks: try package.checkedPlaybooks(loader), source: reference.description,
            transport: transport, admission: try gate.admit(package, from: reference.description))
    }

    /// Puts candidates in force, all or none.
    package func commit(_ candidates: [Candidate]) throws(LibraryError) {
        let busy = try store.exclusively()
        var lock = try store.lock()
        for candidate in candidates {
            let package = candidate.package
            var entry = LibraryLock.Entry(
                version: package.manifest.version, digest: package.digest, source: candidate.source,
                transport: candidate.transport, signers: candidate.admission.signers.map(\.text),
                permissions: package.manifest.permissions.hash, resolvedAt: gate.now.description)
            if var old = lock.entries[package.manifest.name] {
                old.resolvedAt = entry.resolvedAt
                // Nothing changed: neither does the lock.
                if old == entry { entry.resolvedAt = lock.entries[package.manifest.name]?.resolvedAt ?? "" }
            }
            lock.set(package.manifest.name, entry)
        }
        try checkDependencies(lock, candidates.map(\.package))
        try store.commit(lock, packages: candidates.map(\.package))
        withExtendedLifetime(busy) {}
    }

    /// Takes a library out; what others need stays.
    package func remove(_ name: String) throws(LibraryError) {
        let busy = try store.exclusively()
        var lock = try store.lock()
        guard lock.entries[name] != nil else { throw LibraryError(.notInstalled, "there is no library '\(name)'") }
        lock.remove(name)
        try checkDependencies(lock, [])
        try store.commit(lock, packages: [])
        withExtendedLifetime(busy) {}
    }

    /// Back to an earlier lock; what was trusted then is verified again when it is used.
    package func rollBack(_ steps: Int) throws(LibraryError) -> LibraryLock {
        let busy = try store.exclusively()
        let lock = try store.generation(steps)
        try store.commit(lock, packages: [], isRollback: true)
        withExtendedLifetime(busy) {}
        return lock
    }

    /// Flat: one version of each; none comes by itself.
    private func checkDependencies(_ lock: LibraryLock, _ fresh: [LibraryPackage]) throws(LibraryError) {
        let byDigest = Dictionary(fresh.map { ($0.digest, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, entry) in lock.entries.sorted(by: { $0.key < $1.key }) {
            // What is missing from the cache was checked when it was taken.
            guard let package = byDigest[entry.digest] ?? (try? store.package(entry.digest)) else { continue }
            for requirement in package.manifest.libraries {
                guard let other = lock.entries[requirement.name], requirement.versions.contains(other.version) else {
                    let found = lock.entries[requirement.name].map { "; \($0.version) is there" } ?? ""
                    throw LibraryError(
                        .missingDependency, "\(name) needs \(requirement.name) \(requirement.versions)\(found)",
                        hint: "'triage library add' takes it; dependencies are never taken unasked")
                }
            }
        }
    }
}
