internal import Facts

extension Surroundings {
    /// The file as text; what root alone may read is told so.
    func machineFile(_ path: String, limit: Int = 1 << 20) async throws(Unknown) -> String {
        do {
            return String(decoding: try await effects.readFile(path, limit: limit), as: UTF8.self)
        } catch {
            throw error.asForRoot(path)
        }
    }

    /// The file as text, or `nil` where there is no such file.
    func machineFileIfPresent(_ path: String, limit: Int = 1 << 20) async throws(Unknown) -> String? {
        do {
            return try await machineFile(path, limit: limit)
        } catch  where error.reason == .notFound {
            return nil
        }
    }

    /// The names in the directory; none where there is no such directory.
    func namesIfPresent(in directory: String) async throws(Unknown) -> [String] {
        do {
            return try await effects.list(directory)
        } catch  where error.reason == .notFound {
            return []
        } catch {
            throw error.asForRoot(directory)
        }
    }

    /// Whether there is something at the path, whatever it is.
    func exists(_ path: String) async throws(Unknown) -> Bool {
        do {
            _ = try await effects.status(of: path)
            return true
        } catch  where error.reason == .notFound {
            return false
        } catch {
            throw error.asForRoot(path)
        }
    }
}

extension Unknown {
    /// A refusal by the operating system, with what would lift it.
    func asForRoot(_ path: String) -> Unknown {
        guard reason == .denied else { return self }
        return Unknown(
            .needsRoot, detail.isEmpty ? "\(path) may not be read by this user" : detail, hint: "run as root")
    }
}

/// Text as the kernel's tables write it: `\040` stands for a space.
func unescapingOctal(_ text: some StringProtocol) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
        if byte == UInt8(ascii: "\\"), rest.count >= 3,
            let code = UInt8(String(decoding: rest.prefix(3), as: UTF8.self), radix: 8)
        {
            bytes.append(code)
            rest = rest.dropFirst(3)
        } else {
            bytes.append(byte)
        }
    }
    return String(decoding: bytes, as: UTF8.self)
}

/// The last part of a path.
func lastPathComponent(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
}
