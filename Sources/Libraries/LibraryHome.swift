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
        /// Until when the policy has it wait, in seconds of Unix time; `nil`: it may be taken.
        package var waitsUntil: Int64?
        /// What a person should know of it, in words.
        package var notes: [String]
    }

    /// A pinned library as it is used.
    package struct InForce: Sendable {
        package var package: LibraryPackage
        package var grant: Grant
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
            cache: folder("XDG_CACHE_HOME", "/.cache") + "/libraries",
            state: folder("XDG_STATE_HOME", "/.local/state") + "/libraries",
            lockFile: given ?? configuration + "/triage.lock")
        var gate = LibraryGate(policy: try TrustPolicy(folders: ["/etc/triage", configuration]), now: now)
        gate.revocations = try store.revocations()
        self.gate = gate
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
                libraries.append(InForce(package: package, grant: try grant(of: package, from: entry.source)))
            } catch {
                errors.append(error.code == .revoked ? withWayBack(error, name) : error)
            }
        }
        return (libraries, errors)
    }

    /// Names the last state whose version of the library may still be used.
    private func withWayBack(_ error: LibraryError, _ name: String) -> LibraryError {
        for steps in 1...LibraryStore.mostGenerations {
            guard let entry = (try? store.generation(steps))?.entries[name],
                let package = try? store.package(entry.digest),
                (try? grant(of: package, from: entry.source)) != nil
            else { continue }
            return LibraryError(
                error.code, error.message,
                hint: "'triage library rollback \(steps)' goes back to \(package.title), the last good one")
        }
        return error
    }

    private func grant(of package: LibraryPackage, from source: String) throws(LibraryError) -> Grant {
        switch try gate.admit(package, from: source).verdict {
        case .trusted(let grant): return grant
        case .needsConsent(let line):
            guard let level = try consentedLevel(line) else {
                throw LibraryError(
                    .consentNeeded, "nobody has agreed to \(package.title) from \(source)",
                    hint: "'triage library trust \(package.manifest.name)' shows what it asks for")
            }
            return Grant(level: level)
        }
    }

    // MARK: Consent

    /// What a person agreed to let exactly that do; `nil` where nobody did.
    package func consentedLevel(_ line: String) throws(LibraryError) -> TrustPolicy.Level? {
        // The last answer counts.
        for given in try consents().reversed() where Self.covers(given, line) {
            let words = given.split(separator: " ")
            guard words.count > 4 else { return gate.policy.level }
            guard let level = TrustPolicy.Level(rawValue: String(words[4])) else { continue }
            // Where the machine's policy is enforced, nobody gives more than it does.
            return gate.policy.isEnforced ? min(level, gate.policy.level) : level
        }
        return nil
    }

    /// Whether a yes of then holds for what is asked now: the same library, place and permissions, and all signers of then.
    ///
    /// Whoever can add a signature to a package cannot take the place of its publisher so.
    private static func covers(_ given: String, _ asked: String) -> Bool {
        let (then, now) = (given.split(separator: " "), asked.split(separator: " "))
        guard (4...5).contains(then.count), now.count == 4 else { return false }
        return [0, 1, 3].allSatisfy { then[$0] == now[$0] }
            && Set(then[2].split(separator: ",")).isSubset(of: now[2].split(separator: ","))
    }

    /// - Parameter level: `nil`: what the policy gives to sources that no rule matches.
    package func addConsent(_ line: String, level: TrustPolicy.Level? = nil) throws(LibraryError) {
        if let level, gate.policy.isEnforced, level > gate.policy.level {
            throw LibraryError(
                .untrusted, "the policy of this machine gives at most '\(gate.policy.level.rawValue)'",
                hint: "a rule of /etc/triage/trust.yaml gives more")
        }
        let full = level.map { "\(line) \($0.rawValue)" } ?? line
        let busy = try store.exclusively()
        defer { withExtendedLifetime(busy) {} }
        let lines = try consents()
        // What decides now is the last that covers it, which need not be about exactly these signers.
        guard lines.last(where: { Self.covers($0, line) }) != full else { return }
        let others = lines.filter { $0 != line && !$0.hasPrefix(line + " ") }
        try Disk.replace(consentFile, Array((others + [full]).map { $0 + "\n" }.joined().utf8))
    }

    private func consents() throws(LibraryError) -> [String] {
        let bytes = try Disk.contentsIfPresent(of: consentFile, limit: 1 << 20) ?? []
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    // MARK: Change

    /// Fetches, verifies and checks; what is in force stays as it is.
    ///
    /// - Parameter mirror: a folder that `mirror` wrote, to take what is pinned from.
    package func candidate(
        _ reference: LibraryReference, pinned: LibraryLock.Entry? = nil, mirror: String? = nil, loader: Loader
    ) async throws(LibraryError) -> Candidate {
        let tree: PackageTree
        let transport: String
        // In the cache already, unless more signatures are needed, which may have been added since.
        let kept = try pinned.flatMap { pinned throws(LibraryError) in try keptPackage(pinned.digest) }
        let lack = kept.flatMap { lackOfSigners($0, reference) }
        if let pinned, let kept, lack == nil {
            (tree, transport) = (kept.tree, pinned.transport)
        } else if let pinned, let packed = try archive(of: pinned, in: mirror) {
            (tree, transport) = (try Tar.unpacked(packed), pinned.transport)
        } else {
            if let lack, isOffline { throw lack }
            guard !isOffline || reference.transport == .directory else {
                throw LibraryError(
                    .offline, "\(reference) would have to be asked, and --offline forbids it",
                    hint: "'triage library update --locked --offline' takes what is pinned from the cache")
            }
            do throws(LibraryError) {
                let fetched = try await fetch(reference, pinned: pinned?.transport)
                (tree, transport) = (fetched.tree, fetched.transport)
            } catch {
                throw lack ?? error
            }
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
        let playbooks = try package.checkedPlaybooks(loader)
        let source = reference.description
        let admission = try gate.admit(package, from: source)
        if try isVouchedFor(admission) { try store.keep(package.revocations(), of: package.manifest.name) }
        return Candidate(
            package: package, playbooks: playbooks, source: source, transport: transport, admission: admission,
            waitsUntil: pinned == nil ? try waiting(of: package, from: source) : nil,
            notes: pinned == nil ? try await checkIndex(of: package, from: source) : [])
    }

    private func keptPackage(_ digest: String) throws(LibraryError) -> LibraryPackage? {
        store.contains(digest) ? try store.package(digest) : nil
    }

    private func lackOfSigners(_ package: LibraryPackage, _ reference: LibraryReference) -> LibraryError? {
        do throws(LibraryError) { _ = try gate.admit(package, from: reference.description) } catch {
            return error.code == .untrusted ? error : nil
        }
        return nil
    }

    /// From the mirror that the policy names, if it names one.
    private func fetch(_ reference: LibraryReference, pinned: String?) async throws(LibraryError) -> FetchedTree {
        let place = try gate.policy.place(of: reference)
        do throws(LibraryError) {
            return try await place.fetch(environment: environment, pinned: pinned)
        } catch {
            guard place != reference else { throw error }
            throw LibraryError(
                error.code, error.message, hint: "a mirror in trust.yaml leads there from \(reference)")
        }
    }

    /// The file is found by what the lock says; whatever else it is called, its digest decides.
    private func archive(of pinned: LibraryLock.Entry, in mirror: String?) throws(LibraryError) -> [UInt8]? {
        guard let mirror, let name = try store.lock().entries.first(where: { $0.value == pinned })?.key else {
            return nil
        }
        return try Disk.contentsIfPresent(
            of: "\(mirror)/\(LibraryPublishing.archiveName(name, pinned))", limit: Tar.mostPacked)
    }

    private func isVouchedFor(_ admission: LibraryGate.Admission) throws(LibraryError) -> Bool {
        switch admission.verdict {
        case .trusted: true
        case .needsConsent(let line): try consentedLevel(line) != nil
        }
    }

    /// A version is as old as this machine has known it: the only clock that its publisher cannot set.
    private func waiting(of package: LibraryPackage, from source: String) throws(LibraryError) -> Int64? {
        let age = gate.policy.rule(for: source)?.minimumAge ?? gate.policy.minimumAge
        guard age > 0 else { return nil }
        let pinned = try store.lock().entries[package.manifest.name]
        guard pinned?.digest != package.digest else { return nil }
        let firstSeen = try store.firstSight(of: package.digest, at: gate.now.seconds)
        // What replaces a version that was revoked does not wait.
        if let pinned, try package.revocations().reasons[pinned.digest] != nil { return nil }
        return firstSeen + age > gate.now.seconds ? firstSeen + age : nil
    }

    /// Where a newer version than the pinned one is; `nil` where none is, or the source names what moves by itself.
    package func newer(than entry: LibraryLock.Entry) async throws(LibraryError) -> LibraryReference? {
        let reference = try LibraryReference(entry.source)
        guard !isOffline else { return nil }
        return try await reference.newer(
            than: entry.version, at: gate.policy.place(of: reference), environment: environment)
    }

    /// Puts candidates in force, all or none.
    package func commit(_ candidates: [Candidate]) throws(LibraryError) {
        let busy = try store.exclusively()
        try store.commit(lock(with: candidates), packages: candidates.map(\.package))
        withExtendedLifetime(busy) {}
    }

    /// Whether nothing but a person's yes keeps the candidates from being put in force.
    package func check(_ candidates: [Candidate]) throws(LibraryError) { _ = try lock(with: candidates) }

    /// Whether the version is what it was, and none that is older than one that was here.
    package func checkVersion(_ candidate: Candidate) throws(LibraryError) {
        var lock = try store.lock()
        lock.set(candidate.package.manifest.name, entry(of: candidate))
        try store.check(lock)
    }

    private func lock(with candidates: [Candidate]) throws(LibraryError) -> LibraryLock {
        var lock = try store.lock()
        for candidate in candidates {
            let package = candidate.package
            if let time = candidate.waitsUntil {
                throw LibraryError(
                    .tooYoung,
                    "\(package.title) is not old enough: the policy has it wait until \(Timestamp(seconds: time))",
                    hint: "a lock that pins it is not kept waiting: 'triage library update --locked'")
            }
            var entry = entry(of: candidate)
            if var old = lock.entries[package.manifest.name] {
                old.resolvedAt = entry.resolvedAt
                // Nothing changed: neither does the lock.
                if old == entry { entry.resolvedAt = lock.entries[package.manifest.name]?.resolvedAt ?? "" }
            }
            lock.set(package.manifest.name, entry)
        }
        try store.check(lock)
        try checkDependencies(lock, candidates.map(\.package))
        return lock
    }

    private func entry(of candidate: Candidate) -> LibraryLock.Entry {
        let manifest = candidate.package.manifest
        return LibraryLock.Entry(
            version: manifest.version, digest: candidate.package.digest, source: candidate.source,
            transport: candidate.transport, signers: candidate.admission.signers.map(\.text),
            permissions: manifest.permissions.hash, resolvedAt: gate.now.description)
    }

    /// Takes a library out; what others need stays.
    package func remove(_ name: String) throws(LibraryError) {
        let busy = try store.exclusively()
        var lock = try store.lock()
        guard lock.entries[name] != nil else { throw LibraryError(.notInstalled, "there is no library '\(name)'") }
        lock.remove(name)
        do throws(LibraryError) { try checkDependencies(lock, []) } catch {
            throw LibraryError(
                error.code, error.message, hint: "'triage library remove' takes out first what needs it")
        }
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
