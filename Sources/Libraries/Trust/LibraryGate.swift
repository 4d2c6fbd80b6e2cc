package import CEL

/// Whether a package may be used: the one place where that is decided, for what is installed and for what is loaded.
package struct LibraryGate: Sendable {
    package struct Signer: Sendable, Hashable {
        /// Whom the policy knows the key as, a list of patterns each; none for a key that nobody vouches for.
        package var principals: [[String]] = []
        package var fingerprint: String
        /// The fingerprint of who certified the key.
        package var authority: String?

        package var text: String {
            let key = authority.map { "\(fingerprint) certified by \($0)" } ?? fingerprint
            // A certificate's names may hold blanks; here they are a word, so that the key is found behind them.
            let names = principals.joined().map { $0.split(whereSeparator: \.isWhitespace).joined(separator: "\\x20") }
            return names.isEmpty ? key : "\(names.joined(separator: ",")) \(key)"
        }

        /// The fingerprint in a text as above.
        static func fingerprint(in text: String) -> String {
            let words = text.split(separator: " ")
            let isCertified = words.count >= 4 && words.suffix(3).prefix(2) == ["certified", "by"]
            return String(words.dropLast(isCertified ? 3 : 0).last ?? "")
        }
    }

    package enum Verdict: Sendable {
        case trusted(Grant)
        /// A person has to say yes, to exactly this.
        case needsConsent(String)
    }

    package struct Admission: Sendable {
        package var verdict: Verdict
        package var signers: [Signer]
        /// Signatures that nobody here could check, in words; they count for nothing.
        package var unchecked: [String]
    }

    package let policy: TrustPolicy
    package let now: Timestamp
    /// What libraries themselves revoked, by their name: of their own versions and signers alone.
    package var revocations: [String: Revocations] = [:]

    package init(policy: TrustPolicy, now: Timestamp) {
        self.policy = policy
        self.now = now
    }

    private func reasonOfRevocation(_ what: String, in library: String) -> String? {
        policy.revoked[what] ?? revocations[library]?.reasons[what]
    }

    /// Verifies every signature that is there over the very bytes that were hashed, then asks the policy.
    ///
    /// A signature that does not hold refuses the package, whoever else has signed it.
    package func admit(_ package: LibraryPackage, from source: String) throws(LibraryError) -> Admission {
        if let reason = reasonOfRevocation(package.digest, in: package.manifest.name) {
            throw LibraryError(.revoked, "\(package.title) has been revoked: \(reason)")
        }
        let signers: [Signer]
        let unchecked: [String]
        do throws(LibraryError) { (signers, unchecked) = try self.signers(of: package) } catch {
            throw LibraryError(error.code, "\(package.title): \(error.message)", hint: error.hint)
        }
        let rule = try rule(for: package, source)
        if let rule, rule.count > 0 {
            let count = Self.count(rule.signers, among: signers)
            guard count >= rule.count else {
                let wanted = rule.signers.joined(separator: ", ")
                throw LibraryError(
                    .untrusted,
                    "\(package.title) needs \(rule.count == 1 ? "a signature" : "\(rule.count) signatures") of \(wanted);"
                        + " it has \(count == 0 ? "none" : "\(count)")")
            }
            return Admission(verdict: .trusted(rule.grant), signers: signers, unchecked: unchecked)
        }
        if signers.isEmpty, policy.unsigned == .refuse {
            throw LibraryError(.untrusted, "\(package.title) is not signed, and the policy refuses that")
        }
        return Admission(
            verdict: .needsConsent(consent(to: package, signers, source)), signers: signers, unchecked: unchecked)
    }

    /// How many of those that a rule names have signed, each with a key of its own: somebody with two keys is one, and
    /// a key that speaks for two is one.
    static func count(_ wanted: [String], among signers: [Signer]) -> Int {
        let keys = Dictionary(grouping: signers, by: \.fingerprint)
        var holder: [String: Int] = [:]
        func assign(_ index: Int, _ tried: inout Set<String>) -> Bool {
            for (key, signers) in keys where signers.contains(where: { accepts(wanted[index], $0) }) {
                guard tried.insert(key).inserted else { continue }
                if let other = holder[key], !assign(other, &tried) { continue }
                holder[key] = index
                return true
            }
            return false
        }
        return wanted.indices.count { index in
            var tried: Set<String> = []
            return assign(index, &tried)
        }
    }

    private func rule(for package: LibraryPackage, _ source: String) throws(LibraryError) -> TrustPolicy.Rule? {
        let name = package.manifest.name
        guard let rule = policy.rule(for: source) else {
            // A name that was given to one source cannot be claimed by another.
            if let owner = policy.rules.first(where: { $0.name != "*" && AllowedSigners.matches(name, $0.name) }) {
                throw LibraryError(.nameNotGiven, "the name '\(name)' belongs to \(owner.match), not to \(source)")
            }
            return nil
        }
        guard AllowedSigners.matches(name, rule.name) else {
            throw LibraryError(.nameNotGiven, "\(source) may ship '\(rule.name)', not '\(name)'")
        }
        return rule
    }

    /// One line that says what was agreed to: by signers where there are any, so that their next version needs no question,
    /// and always with what is asked for.
    private func consent(to package: LibraryPackage, _ signers: [Signer], _ source: String) -> String {
        let who = signers.isEmpty ? package.digest : Set(signers.map(\.fingerprint)).sorted().joined(separator: ",")
        let place = (try? LibraryReference(source))?.place ?? source
        return "\(package.manifest.name) \(place) \(who) \(package.manifest.permissions.hash)"
    }

    /// A key that is named is that key alone, whoever a line of allowed_signers lets another one speak for.
    private static func accepts(_ wanted: String, _ signer: Signer) -> Bool {
        if wanted.hasPrefix("minisign:") || wanted.hasPrefix("SHA256:") { return wanted == signer.fingerprint }
        return signer.principals.contains { AllowedSigners.matches(wanted, list: $0) }
    }

    /// - Returns: who has signed, and the signatures by keys of minisign's that no rule names. Those alone are no signature.
    private func signers(
        of package: LibraryPackage
    ) throws(LibraryError) -> (signers: [Signer], unchecked: [String]) {
        let message = package.tree[Digests.file] ?? []
        var signers: [Signer] = []
        var unknown: [LibraryError] = []
        for path in package.tree.paths where Digests.isSignature(path) {
            let bytes = package.tree[path] ?? []
            let signer: Signer
            do throws(LibraryError) {
                if path.hasSuffix(".minisig") {
                    try MinisignSignature(reading: bytes).checkComment(package)
                    signer = try minisign(bytes, message)
                } else {
                    signer = try ssh(bytes, message)
                }
            } catch {
                guard error.code == .unknownSigner else { throw error }
                unknown.append(error)
                continue
            }
            for key in [signer.fingerprint, signer.authority].compactMap(\.self) {
                guard let reason = reasonOfRevocation(key, in: package.manifest.name) else { continue }
                let what = key == signer.fingerprint ? "signed it" : "certified its signer"
                throw LibraryError(.revoked, "the key \(key) that \(what) has been revoked: \(reason)")
            }
            signers.append(signer)
        }
        if signers.isEmpty, let error = unknown.first { throw error }
        return (signers, unknown.map(\.message))
    }

    /// Who has signed an index that is asked about a library; a key of minisign's that no rule names counts for nothing.
    func signers(
        _ signatures: [(bytes: [UInt8], isMinisign: Bool)], of message: [UInt8], for library: String
    ) throws(LibraryError) -> [Signer] {
        var signers: [Signer] = []
        for signature in signatures {
            let signer: Signer
            do throws(LibraryError) {
                signer = try signature.isMinisign ? minisign(signature.bytes, message) : ssh(signature.bytes, message)
            } catch {
                guard error.code == .unknownSigner else { throw error }
                continue
            }
            for key in [signer.fingerprint, signer.authority].compactMap(\.self) {
                guard let reason = reasonOfRevocation(key, in: library) else { continue }
                throw LibraryError(.revoked, "the key \(key) that signed it has been revoked: \(reason)")
            }
            signers.append(signer)
        }
        return signers
    }

    private func ssh(_ bytes: [UInt8], _ message: [UInt8]) throws(LibraryError) -> Signer {
        let signature = try SSHSignature(armored: bytes)
        try signature.verify(message)
        return Signer(
            principals: policy.signers.principals(for: signature.key, at: now), fingerprint: signature.key.fingerprint,
            authority: signature.key.certificate.map { SSHKey.fingerprint(of: $0.authority) })
    }

    /// Minisign's signatures do not hold their key: only those that a rule names can be checked.
    private func minisign(_ bytes: [UInt8], _ message: [UInt8]) throws(LibraryError) -> Signer {
        let signature = try MinisignSignature(reading: bytes)
        guard let key = policy.minisignKeys.first(where: { $0.id == signature.keyID }) else {
            throw LibraryError(
                .unknownSigner, "the minisign key \(hexadecimal(signature.keyID.reversed()).uppercased()) is unknown",
                hint: "a rule of trust.yaml names it among its signers, as minisign:RW…")
        }
        try signature.verify(message, key: key)
        return Signer(fingerprint: key.text)
    }
}
