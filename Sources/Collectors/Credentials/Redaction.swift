internal import CEL

/// Takes what looks like a secret out of text that other programs printed.
package enum Redaction {
    /// Each with the group that is the secret.
    private static let patterns: [(pattern: Pattern, group: Int)] = [
        (#"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?"#, 0),
        (#"k8s-aws-v1\.[A-Za-z0-9_-]+"#, 0),
        (#"ya29\.[A-Za-z0-9_-]+"#, 0),
        (#"\bgh[opsu]_[A-Za-z0-9]{20,}"#, 0),
        (#"(?:AKIA|ASIA)[A-Z0-9]{12,}"#, 0),
        (#"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)"#, 0),
        (#"(?i)bearer\s+([A-Za-z0-9._~+/=-]{8,})"#, 1),
        (#"://[^/\s:@]*:([^/\s@]+)@"#, 1),
        (
            #"(?i)["']?[a-z0-9_.-]*(?:password|passwd|secret|token|credential|api[_-]?key|private[_-]?key|session[_-]?key)"#
                + #"[a-z0-9_.-]*["']?\s*[:=]\s*["']?([A-Za-z0-9+/_.~-]{8,}=*)"#, 1
        ),
        (#"\b[A-Za-z0-9+/_-]{64,}={0,2}"#, 0),
        // In quotes a secret may hold anything.
        (
            #"(?i)[a-z0-9_.-]*(?:password|passwd|secret|token|credential)[a-z0-9_.-]*["']?\s*[:=]\s*"((?:[^"\\\n]|\\.){8,})""#,
            1
        ),
        (
            #"(?i)[a-z0-9_.-]*(?:password|passwd|secret|token|credential)[a-z0-9_.-]*["']?\s*[:=]\s*'((?:[^'\\\n]|\\.){8,})'"#,
            1
        ),
        // What crypt(3) and htpasswd make of passwords.
        (#"\$(?:1|2[abxy]?|5|6|7|y|gy|apr1|sha1|argon2(?:i|d|id))\$[A-Za-z0-9./+,=$-]{8,}"#, 0),
    ].compactMap { source, group in (try? Pattern(source)).map { ($0, group) } }

    /// Those of the patterns above that nothing harmless matches: digests, names and the words of a message stay.
    private static let certain = [0, 1, 2, 3, 4, 5, 6, 7].map { patterns[$0] }

    static let mark = "[redacted]"

    /// What is a credential by its form alone, wherever it stands; for the many texts of objects.
    static func redactCredentials(_ text: String) -> String {
        guard mayHoldCredential(text) else { return text }
        return certain.reduce(text) { replace($1.pattern, group: $1.group, in: $0) }
    }

    /// Whether one of the certain patterns could match: one look at each byte, for millions of texts.
    private static func mayHoldCredential(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            guard bytes.count >= 8 else { return false }
            func follows(_ word: StaticString, _ index: Int) -> Bool {
                let count = word.utf8CodeUnitCount
                guard index + count <= bytes.count else { return false }
                return (0..<count).allSatisfy { unsafe bytes[index + $0] == word.utf8Start[$0] }
            }
            for index in 0..<bytes.count {
                switch unsafe bytes[index] {
                case UInt8(ascii: "@"): return true
                case UInt8(ascii: "e") where follows("eyJ", index) || follows("earer", index): return true
                case UInt8(ascii: "E") where follows("EARER", index): return true
                case UInt8(ascii: "-") where follows("-----BEGIN", index): return true
                case UInt8(ascii: "A") where follows("AKIA", index) || follows("ASIA", index): return true
                case UInt8(ascii: "g") where follows("gh", index): return true
                case UInt8(ascii: "y") where follows("ya29.", index): return true
                case UInt8(ascii: "k") where follows("k8s-aws-v1.", index): return true
                default: continue
                }
            }
            return false
        }
    }

    /// The text without what looks like a secret in it.
    package static func redact(_ text: String) -> String {
        patterns.reduce(text) { replace($1.pattern, group: $1.group, in: $0) }
    }

    /// The same, and the given secrets wherever they stand.
    static func redact(_ text: String, secrets: [String]) -> String {
        var text = text
        for secret in secrets where secret.utf8.count >= 6 {
            text = text.components(separatedBy: secret).joined(separator: mark)
        }
        return redact(text)
    }

    static func looksSecret(_ text: String) -> Bool { redact(text) != text }

    /// A command's arguments without what follows secret-looking flags.
    static func redact(arguments: [String]) -> [String] {
        var hidesNext = false
        return arguments.map { argument in
            defer { hidesNext = isSecretFlag(argument) && !argument.contains("=") }
            if hidesNext, !argument.hasPrefix("-") { return mark }
            if isSecretFlag(argument), let equals = argument.firstIndex(of: "=") { return argument[...equals] + mark }
            return redact(argument)
        }
    }

    /// Whether an environment variable of this name holds a secret.
    static func isSecretName(_ name: String) -> Bool {
        let name = name.lowercased()
        return ["secret", "pass", "pwd", "token", "key", "credential", "auth"].contains(where: name.contains)
    }

    private static func isSecretFlag(_ argument: String) -> Bool {
        guard argument.hasPrefix("-") else { return false }
        let name = argument.prefix { $0 != "=" }.lowercased()
        return ["secret", "password", "passwd", "api-key", "apikey", "access-key", "session-token", "refresh-token"]
            .contains(where: name.contains)
    }

    static func replace(_ pattern: Pattern, group: Int, in text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var offset = 0
        while offset <= bytes.count, let match = pattern.firstMatch(in: text, from: offset),
            let whole = match.first ?? nil,
            match.indices.contains(group), let secret = match[group]
        {
            result += bytes[offset..<secret.lowerBound]
            result += mark.utf8
            offset = max(secret.upperBound, whole.lowerBound + 1)
        }
        result += bytes[min(offset, bytes.count)...]
        return String(decoding: result, as: UTF8.self)
    }
}
