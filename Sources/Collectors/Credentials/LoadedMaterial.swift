internal import Facts
internal import X509

/// A certificate, key or authority of a kubeconfig as it was found: its PEM blocks, or what is wrong.
struct LoadedMaterial: Sendable {
    enum Source: String, Sendable, CaseIterable { case data, file, none }
    enum Problem: String, Sendable, CaseIterable {
        case none, missing, unreadable, directory, empty, notBase64, notPEM, wrongPEM, malformed
    }

    var source = Source.none
    var path = ""
    var problem = Problem.none
    var detail = ""
    var blocks: [PEM] = []
    /// Why it could not be read, where nobody can tell whether it is good.
    var unknown: Unknown?

    var isPresent: Bool { source != .none }
    var isUsable: Bool { isPresent && problem == .none && unknown == nil }
    var pem: String { blocks.map(\.text).joined() }

    static let readLimit = 1 << 20

    /// Inline data wins over a file, as in client-go.
    static func load(_ material: Material, in surroundings: Surroundings) async -> LoadedMaterial {
        var loaded = LoadedMaterial()
        if !material.data.isEmpty {
            loaded.source = .data
            do throws(Base64.Failure) {
                loaded.take(try Base64.decode(material.data))
            } catch {
                loaded.problem = .notBase64
                loaded.detail = "illegal base64 data at input byte \(error.offset)"
            }
        } else if !material.file.isEmpty {
            await loaded.take(file: material.file, in: surroundings)
        }
        return loaded
    }

    static func load(file path: String, in surroundings: Surroundings) async -> LoadedMaterial {
        var loaded = LoadedMaterial()
        await loaded.take(file: path, in: surroundings)
        return loaded
    }

    private mutating func take(file path: String, in surroundings: Surroundings) async {
        source = .file
        self.path = path
        do throws(Unknown) {
            if try await surroundings.effects.status(of: path).kind == .directory {
                problem = .directory
                return
            }
            take(try await surroundings.effects.readFile(path, limit: Self.readLimit))
        } catch {
            detail = error.detail
            switch error.reason {
            case .notFound: problem = .missing
            case .denied, .needsRoot:
                problem = .unreadable
                unknown = error
            case .truncated: problem = .malformed
            case .timedOut, .notApplicable, .noKubeconfig, .notCollected, .unreachable, .redacted, .malformed,
                .notAllowed, .inputMissing:
                unknown = error
            }
        }
    }

    private mutating func take(_ bytes: [UInt8]) {
        guard bytes.contains(where: { $0 > UInt8(ascii: " ") }) else {
            problem = .empty
            return
        }
        blocks = PEM.blocks(in: String(decoding: bytes, as: UTF8.self))
        if blocks.isEmpty {
            problem = .notPEM
            // DER starts with a SEQUENCE of a long length.
            detail = bytes.starts(with: [0x30, 0x82]) ? "it is in DER form" : "it holds no PEM block"
        }
    }

    /// Keeps the certificates; `wrongPEM` where there are only other blocks.
    mutating func readCertificates() -> [(certificate: Certificate, der: [UInt8])] {
        guard isUsable else { return [] }
        let found = blocks.filter { $0.label == "CERTIFICATE" }
        guard !found.isEmpty else {
            problem = .wrongPEM
            detail = "it holds \(Set(blocks.map(\.label)).sorted().joined(separator: ", ")), no CERTIFICATE"
            return []
        }
        blocks = found
        let certificates = found.compactMap { block in
            CertificateFields.certificate(block.bytes).map { ($0, block.bytes) }
        }
        if certificates.isEmpty {
            problem = .malformed
            detail = "its certificate cannot be decoded"
        }
        return certificates
    }

    /// Keeps the private key; `wrongPEM` where there are only other blocks.
    mutating func readKey() -> Certificate.PrivateKey? {
        guard isUsable else { return nil }
        guard let block = blocks.first(where: { $0.label.hasSuffix("PRIVATE KEY") }) else {
            problem = .wrongPEM
            detail = "it holds \(Set(blocks.map(\.label)).sorted().joined(separator: ", ")), no PRIVATE KEY"
            return nil
        }
        blocks = [block]
        guard !block.isEncrypted, block.label != "ENCRYPTED PRIVATE KEY" else {
            problem = .malformed
            detail = "the key is encrypted with a passphrase"
            return nil
        }
        do {
            return try Certificate.PrivateKey(pemEncoded: block.text)
        } catch {
            problem = .malformed
            detail = "its key cannot be decoded"
            return nil
        }
    }
}
