internal import CEL

/// An index as it was fetched: its bytes, and the signatures beside it.
private struct FetchedIndex {
    var bytes: [UInt8]
    var signatures: [(bytes: [UInt8], isMinisign: Bool)]

    private static let mostSignatures = 16

    /// From a folder or an https URL: `index.json`, `index.json.sig`, `index.json.2.sig`, `index.json.minisig` and so on.
    static func fetch(_ place: LibraryReference, environment: [String: String]) async throws(LibraryError)
        -> FetchedIndex
    {
        guard let bytes = try await file(place, "", environment) else {
            throw LibraryError(.notFound, "there is no index at \(place)")
        }
        var signatures: [(bytes: [UInt8], isMinisign: Bool)] = []
        for kind in ["sig", "minisig"] {
            for number in 1...mostSignatures {
                let suffix = number == 1 ? ".\(kind)" : ".\(number).\(kind)"
                guard let signature = try await file(place, suffix, environment) else { break }
                signatures.append((signature, kind == "minisig"))
            }
        }
        return FetchedIndex(bytes: bytes, signatures: signatures)
    }

    /// `nil`: it is not there.
    private static func file(
        _ place: LibraryReference, _ suffix: String, _ environment: [String: String]
    ) async throws(LibraryError) -> [UInt8]? {
        guard place.transport == .archive else {
            return try Disk.contentsIfPresent(
                of: place.location.dropFirst(4) + suffix, limit: LibraryIndex.mostBytes)
        }
        do throws(LibraryError) {
            return try await ArchiveSource(LibraryReference(place.location + suffix)).download(environment: environment)
        } catch {
            guard error.code == .notFound else { throw error }
            return nil
        }
    }
}

extension LibraryHome {
    /// Compares a package that was fetched with what the index of its rule says; gives what a person should know.
    ///
    /// Nothing is known without an index, or with one that is over: where the rule says `freshness: required` nothing is
    /// taken then, otherwise it is told.
    func checkIndex(of package: LibraryPackage, from source: String) async throws(LibraryError) -> [String] {
        guard let rule = gate.policy.rule(for: source), let reference = rule.index else { return [] }
        let place = rule.indexText
        func lack(_ words: String, _ code: LibraryError.Code = .stale) throws(LibraryError) -> String {
            guard !rule.requiresFreshness else {
                throw LibraryError(
                    code, "\(package.title): \(words)",
                    hint: "the rule for '\(rule.match)' in trust.yaml says 'freshness: required'")
            }
            return words
        }
        var notes: [String] = []
        var index = try store.index(place)
        do throws(LibraryError) {
            guard !isOffline || reference.transport == .directory else {
                throw LibraryError(.offline, "--offline forbids to ask for it")
            }
            let fetched = try await FetchedIndex.fetch(
                gate.policy.place(of: reference), environment: environment)
            index = try store.keep(
                verified(fetched, rule, place, of: package.manifest.name), fetched.bytes, place: place)
        } catch {
            // What somebody in between could cause is a lack; what is wrong with what came is an error.
            guard [.offline, .unreachable, .notFound, .unauthorized].contains(error.code) else { throw error }
            notes.append(try lack("the index at \(place) could not be had: \(error.message)"))
        }
        guard let index else { return notes }
        if index.validUntil <= gate.now.seconds {
            notes.append(
                try lack("the index at \(place) was valid until \(Timestamp(seconds: index.validUntil))"))
        }
        let known = index.entries.filter { $0.name == package.manifest.name }
        guard let entry = known.first(where: { $0.version == package.manifest.version }) else {
            return notes + [try lack("the index at \(place) does not name it", .untrusted)]
        }
        guard entry.digest == package.digest else {
            throw LibraryError(
                .digestMismatch, "\(package.title) is \(package.digest); the index at \(place) says \(entry.digest)")
        }
        if let newest = known.map(\.version).filter({ $0.prerelease.isEmpty }).max(), newest > entry.version {
            notes.append("the index at \(place) names a newer version: \(newest)")
        }
        return notes
    }

    private func verified(
        _ fetched: FetchedIndex, _ rule: TrustPolicy.Rule, _ place: String, of library: String
    ) throws(LibraryError) -> LibraryIndex {
        let signers: [LibraryGate.Signer]
        do throws(LibraryError) {
            signers = try gate.signers(fetched.signatures, of: fetched.bytes, for: library)
        } catch {
            throw LibraryError(error.code, "the index at \(place): \(error.message)", hint: error.hint)
        }
        let count = LibraryGate.count(rule.signers, among: signers)
        guard count >= rule.count else {
            throw LibraryError(
                .untrusted,
                "the index at \(place) needs \(rule.count) of \(rule.signers.joined(separator: ", "));"
                    + " \(count) signed it")
        }
        return try LibraryIndex(reading: fetched.bytes, from: place)
    }
}

extension LibraryStore {
    private func indexFile(_ place: String) -> String {
        "\(state)/indexes/\(sha256(Array(place.utf8)).prefix(32)).json"
    }

    /// The newest that was verified here.
    func index(_ place: String) throws(LibraryError) -> LibraryIndex? {
        try Disk.contentsIfPresent(of: indexFile(place), limit: LibraryIndex.mostBytes).map {
            bytes throws(LibraryError) in try LibraryIndex(reading: bytes, from: place)
        }
    }

    /// Keeps an index that is newer than what is kept; an older one, or another one of the same number, is refused.
    func keep(_ index: LibraryIndex, _ bytes: [UInt8], place: String) throws(LibraryError) -> LibraryIndex {
        let busy = try exclusively()
        defer { withExtendedLifetime(busy) {} }
        guard let old = try self.index(place), old != index else {
            try Disk.replace(indexFile(place), bytes)
            return index
        }
        guard index.serial > old.serial else {
            throw LibraryError(
                .downgrade,
                index.serial == old.serial
                    ? "the index at \(place) was changed without a new serial: \(index.serial)"
                    : "the index at \(place) has the serial \(index.serial); \(old.serial) has been here")
        }
        try Disk.replace(indexFile(place), bytes)
        return index
    }
}
