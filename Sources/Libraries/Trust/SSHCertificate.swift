/// What an authority says of a key (OpenSSH's PROTOCOL.certkeys); its signature has been verified.
struct SSHCertificate: Sendable, Hashable {
    static let suffix = "-cert-v01@openssh.com"

    /// The authority's key.
    let authority: [UInt8]
    let principals: [String]
    /// In seconds of Unix time, the second one excluded.
    let validAfter: UInt64
    let validBefore: UInt64
    private let isForUsers: Bool
    private let hasUnknownOptions: Bool

    /// What says how a login is made, and nothing about signatures.
    private static let optionsOfLogins: Set<String> = ["force-command", "source-address"]

    /// - Parameter blob: all of the certificate, whose key has been read already.
    /// - Parameter reader: stands behind the key.
    init(_ blob: [UInt8], _ reader: inout SSHReader) throws(LibraryError) {
        guard reader.take(8) != nil, let kind = reader.number(), reader.string() != nil,
            let names = reader.string(), let after = reader.wideNumber(), let before = reader.wideNumber(),
            let critical = reader.string(), reader.string() != nil, reader.string() != nil,
            let authority = reader.string()
        else { throw Self.malformed }
        let signed = Array(blob.prefix(blob.count - reader.count))
        guard let signature = reader.string(), reader.isAtEnd, let principals = Self.list(names),
            let options = Self.pairs(critical)
        else { throw Self.malformed }
        // Before it is read: certificates in certificates could be as many as there is room for.
        var type = SSHReader(authority)
        guard type.text()?.hasSuffix(Self.suffix) != true else {
            throw LibraryError(.badSignature, "a certificate is no authority's key")
        }
        let key = try SSHKey(blob: authority)
        guard key.verifies(signature, over: signed) else {
            throw LibraryError(.badSignature, "the certificate's own signature is not of \(key.fingerprint)")
        }
        self.authority = authority
        self.principals = principals
        (validAfter, validBefore) = (after, before)
        isForUsers = kind == 1
        hasUnknownOptions = !options.allSatisfy(Self.optionsOfLogins.contains)
    }

    /// Those of the names in it that the patterns of the authority's line let it speak for.
    ///
    /// As ssh has it, a name is that name alone, whatever signs it holds, and a certificate without names is for nobody.
    func principals(allowedBy patterns: [String], at now: Int64) -> [String] {
        guard isForUsers, !hasUnknownOptions, now >= 0, validAfter <= UInt64(now), UInt64(now) < validBefore else {
            return []
        }
        return principals.filter { name in
            AllowedSigners.matches(name, list: patterns) && !name.contains { "*?!,".contains($0) }
        }
    }

    private static func list(_ bytes: [UInt8]) -> [String]? {
        var reader = SSHReader(bytes)
        var texts: [String] = []
        while !reader.isAtEnd {
            guard let text = reader.text() else { return nil }
            texts.append(text)
        }
        return texts
    }

    /// The names of options; their values are not ours to read.
    private static func pairs(_ bytes: [UInt8]) -> [String]? {
        var reader = SSHReader(bytes)
        var names: [String] = []
        while !reader.isAtEnd {
            guard let name = reader.text(), reader.string() != nil else { return nil }
            names.append(name)
        }
        return names
    }

    private static var malformed: LibraryError { LibraryError(.badSignature, "a certificate cannot be read") }
}
