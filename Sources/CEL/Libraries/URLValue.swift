/// A URL as Kubernetes has it: what Go's net/url reads as that of a request, absolute or an absolute path.
struct URLValue: OpaqueValue, FunctionValue {
    static let type = ValueType.opaque("kubernetes.URL", [])

    var scheme = ""
    /// What stands behind the scheme where no slash follows it, such as an address behind `mailto:`.
    var opaque = ""
    var userinfo: String?
    /// With the port, without the user; IPv6 addresses in brackets.
    var host = ""
    var escapedPath = ""
    var query: String?
    var fragment: String?

    init(parsing text: String) throws(EvaluationError) {
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw Self.refusal(text, "it holds a control character")
        }
        // As a request's URL first, which must be absolute and has no fragment.
        _ = try URLValue(text, text[...], isRequest: true)
        let parts = text.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        try self.init(text, parts[0], isRequest: false)
        if parts.count == 2 {
            guard Self.unescape(parts[1]) != nil else {
                throw Self.refusal(text, "a '%' is not followed by two digits")
            }
            fragment = String(parts[1])
        }
    }

    private init(_ text: String, _ reference: Substring, isRequest: Bool) throws(EvaluationError) {
        if reference == "*" {
            escapedPath = "*"
            return
        }
        var rest =
            try Self.schemeEnd(reference, of: text).map { end in
                scheme = reference[..<end].lowercased()
                return reference[reference.index(after: end)...]
            } ?? reference
        if let mark = rest.firstIndex(of: "?") {
            query = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        guard rest.first == "/" else {
            guard !scheme.isEmpty else { throw Self.refusal(text, "it is neither absolute nor an absolute path") }
            opaque = String(rest)
            return
        }
        if rest.hasPrefix("//"), !scheme.isEmpty || !isRequest && !rest.hasPrefix("///") {
            rest = rest.dropFirst(2)
            let end = rest.firstIndex(of: "/") ?? rest.endIndex
            try setAuthority(rest[..<end], of: text)
            rest = rest[end...]
        }
        guard let path = Self.unescape(rest) else { throw Self.refusal(text, "a '%' is not followed by two digits") }
        escapedPath =
            rest.utf8.allSatisfy { Self.isValid($0, in: "!$&'()*+,;=:@[]%/") } ? String(rest) : Self.escape(path)
    }

    private static func refusal(_ text: String, _ reason: String) -> EvaluationError {
        .invalidArgument("URL parse error during conversion from string: \(quoted(text)): \(reason)")
    }

    /// Where the colon behind the scheme stands.
    private static func schemeEnd(_ reference: Substring, of text: String) throws(EvaluationError) -> Substring.Index? {
        for index in reference.utf8.indices {
            switch reference.utf8[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): continue
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
                if index == reference.startIndex { return nil }
            case UInt8(ascii: ":"):
                if index == reference.startIndex { throw refusal(text, "there is no scheme before the ':'") }
                return index
            default: return nil
            }
        }
        return nil
    }

    private mutating func setAuthority(_ authority: Substring, of text: String) throws(EvaluationError) {
        var rest = authority
        if let at = authority.lastIndex(of: "@") {
            let user = authority[..<at]
            guard user.utf8.allSatisfy({ Self.isValid($0, in: ":!$&'()*+,;=%@") }), Self.unescape(user) != nil else {
                throw Self.refusal(text, "the user is not well formed")
            }
            userinfo = String(user)
            rest = authority[authority.index(after: at)...]
        }
        let port: Substring
        if rest.first == "[" {
            guard let bracket = rest.lastIndex(of: "]") else { throw Self.refusal(text, "']' is missing in the host") }
            port = rest[rest.index(after: bracket)...]
        } else {
            port = rest.lastIndex(of: ":").map { rest[$0...] } ?? ""
        }
        guard Self.isPort(port) else { throw Self.refusal(text, "'\(port)' behind the host is no port") }
        guard rest.utf8.allSatisfy({ $0 >= 0x80 || Self.isValid($0, in: "!$&'()*+,;=:[]<>\"%") }),
            let host = Self.unescape(rest)
        else { throw Self.refusal(text, "the host holds a character that no host has") }
        self.host = host
    }

    /// Nothing, or a colon and digits.
    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty || text.first == ":" && text.dropFirst().utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    // MARK: parts

    private var hostAndPort: (host: Substring, port: Substring) {
        var name = host[...]
        var port: Substring = ""
        if let colon = host.lastIndex(of: ":"), Self.isPort(host[colon...]) {
            name = host[..<colon]
            port = host[host.index(after: colon)...]
        }
        if name.first == "[", name.last == "]" { name = name.dropFirst().dropLast() }
        return (name, port)
    }

    var hostname: String { String(hostAndPort.host) }
    var port: String { String(hostAndPort.port) }

    /// The values of each key, unescaped; what is not well formed is left out.
    var parameters: Map {
        var keys: [String] = []
        var values: [ExactString: [Value]] = [:]
        for part in (query ?? "").split(separator: "&") where !part.utf8.contains(UInt8(ascii: ";")) {
            let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let key = Self.unescape(sides[0], plusIsSpace: true),
                let value = Self.unescape(sides.count == 2 ? sides[1] : "", plusIsSpace: true)
            else { continue }
            if values[ExactString(key)] == nil { keys.append(key) }
            values[ExactString(key), default: []].append(.string(value))
        }
        return Map(keys.map { (.string($0), .list(List(values[ExactString($0)] ?? []))) })
    }

    var typeName: String { "kubernetes.URL" }
    func isEqual(to other: any OpaqueValue) -> Bool {
        (other as? URLValue)?.description.isIdentical(to: description) ?? false
    }

    var description: String {
        var text = scheme.isEmpty ? "" : scheme + ":"
        if !host.isEmpty || userinfo != nil { text += "//" + (userinfo.map { $0 + "@" } ?? "") + host }
        return text + opaque + escapedPath + (query.map { "?" + $0 } ?? "") + (fragment.map { "#" + $0 } ?? "")
    }

    // MARK: escapes

    private static func isValid(_ byte: UInt8, in others: String) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte < 0x80 && (byte | 0x20) &- UInt8(ascii: "a") < 26)
            || "-._~".utf8.contains(byte) || others.utf8.contains(byte)
    }

    private static func escape(_ path: String) -> String {
        path.utf8.map { byte in
            isValid(byte, in: "$&+,/:;=@") ? String(Unicode.Scalar(byte)) : "%" + hex(byte).uppercased()
        }.joined()
    }

    private static func unescape(_ text: Substring, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        var rest = text.utf8
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%") {
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else {
                    return nil
                }
                bytes.append(high << 4 | low)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
