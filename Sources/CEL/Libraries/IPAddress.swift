/// An IPv4 or IPv6 address.
struct IPAddress: OpaqueValue, FunctionValue, Hashable {
    static let type = ValueType.opaque("net.IP", [])

    enum Family: Int64 {
        case v4 = 4
        case v6 = 6
    }

    let family: Family
    /// The address as a number; an IPv4 address has 32 bits.
    let bits: UInt128

    init(family: Family, bits: UInt128) {
        self.family = family
        self.bits = bits
    }

    /// Strict, as Kubernetes reads addresses.
    ///
    /// No leading zeros in IPv4, no zone, and no IPv4 address in an IPv6 one's dotted form. An IPv6 address that
    /// amounts to an IPv4 one is that IPv4 address (cel-spec, network_ext, `ipv4_equals_ipv6`).
    init(parsing text: String) throws(EvaluationError) {
        if text.utf8.contains(UInt8(ascii: "%")) {
            throw .invalidArgument("IP address \(quoted(text)) with zone value is not allowed")
        }
        if text.utf8.contains(UInt8(ascii: ":")) {
            if text.utf8.contains(UInt8(ascii: ".")), let bits = ipv6(text), bits >> 32 == 0xFFFF {
                throw .invalidArgument("IPv4-mapped IPv6 address \(quoted(text)) is not allowed")
            }
            guard let bits = ipv6(text) else { throw Self.refusal(text) }
            self =
                bits >> 32 == 0xFFFF
                ? IPAddress(family: .v4, bits: bits & 0xFFFF_FFFF) : IPAddress(family: .v6, bits: bits)
        } else {
            guard let bits = ipv4(text[...]) else { throw Self.refusal(text) }
            self.init(family: .v4, bits: UInt128(bits))
        }
    }

    private static func refusal(_ text: String) -> EvaluationError {
        .invalidArgument("IP address \(quoted(text)) parse error during conversion from string")
    }

    var typeName: String { "net.IP" }
    func isEqual(to other: any OpaqueValue) -> Bool { other as? IPAddress == self }

    /// The canonical form; IPv6 as in RFC 5952.
    var description: String {
        switch family {
        case .v4: (0..<4).map { String(bits >> UInt128(24 - 8 * $0) & 0xFF) }.joined(separator: ".")
        case .v6: canonical(groups: (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) })
        }
    }

    var width: Int { family == .v4 ? 32 : 128 }
    var isUnspecified: Bool { bits == 0 }
    var isLoopback: Bool { family == .v4 ? bits >> 24 == 127 : bits == 1 }
    var isMulticast: Bool { family == .v4 ? bits >> 28 == 0xE : bits >> 120 == 0xFF }
    var isLinkLocalUnicast: Bool { family == .v4 ? bits >> 16 == 0xA9FE : bits >> 118 == 0xFE80 >> 6 }
    var isLinkLocalMulticast: Bool {
        family == .v4 ? bits >> 8 == 0xE00000 : bits >> 120 == 0xFF && bits >> 112 & 0xF == 2
    }
    /// Whatever is none of the others, private addresses included (RFC 1122, RFC 4632, RFC 4291).
    var isGlobalUnicast: Bool {
        let isBroadcast = family == .v4 && bits == 0xFFFF_FFFF
        return !isUnspecified && !isBroadcast && !isLoopback && !isMulticast && !isLinkLocalUnicast
    }
}

/// A network: an address and the length of its prefix.
struct CIDR: OpaqueValue, FunctionValue, Hashable {
    static let type = ValueType.opaque("net.CIDR", [])

    let address: IPAddress
    let prefixLength: Int

    init(address: IPAddress, prefixLength: Int) {
        self.address = address
        self.prefixLength = prefixLength
    }

    init(parsing text: String) throws(EvaluationError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw Self.refusal(text) }
        let address: IPAddress
        do throws(EvaluationError) { address = try IPAddress(parsing: String(parts[0])) } catch {
            throw error.message.contains("not allowed") ? error : Self.refusal(text)
        }
        if address.family == .v4, parts[0].contains(":") {
            throw .invalidArgument("IPv4-mapped IPv6 address \(quoted(text)) is not allowed")
        }
        guard let length = decimal(parts[1]), length <= address.width else { throw Self.refusal(text) }
        self.init(address: address, prefixLength: length)
    }

    private static func refusal(_ text: String) -> EvaluationError {
        .invalidArgument("network address \(quoted(text)) parse error during conversion from string")
    }

    var typeName: String { "net.CIDR" }
    func isEqual(to other: any OpaqueValue) -> Bool { other as? CIDR == self }
    var description: String { "\(address)/\(prefixLength)" }

    /// The network's own address: all bits behind the prefix are zero.
    var masked: CIDR {
        let free = UInt128(address.width - prefixLength)
        let bits = free == 128 ? 0 : (address.bits >> free) << free
        return CIDR(address: IPAddress(family: address.family, bits: bits), prefixLength: prefixLength)
    }

    func contains(_ other: IPAddress) -> Bool {
        other.family == address.family && CIDR(address: other, prefixLength: prefixLength).masked == masked
    }

    func contains(_ other: CIDR) -> Bool { prefixLength <= other.prefixLength && contains(other.address) }
}

/// A number of at most three digits without a leading zero.
private func decimal(_ text: some StringProtocol) -> Int? {
    guard (1...3).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }),
        text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0")
    else { return nil }
    return Int(text)
}

private func ipv4(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
        guard let octet = decimal(part), octet <= 255 else { return nil }
        bits = bits << 8 | UInt32(octet)
    }
    return bits
}

/// RFC 4291, section 2.2.
private func ipv6(_ text: String) -> UInt128? {
    // "::" once, with groups before and behind it; without it eight groups.
    var halves: [Substring] = [text[...]]
    if let gap = text.utf8.firstIndexOfDoubleColon {
        halves = [text[..<gap], text[text.utf8.index(gap, offsetBy: 2)...]]
        if halves[1].utf8.firstIndexOfDoubleColon != nil || halves[1].utf8.first == UInt8(ascii: ":") { return nil }
    }
    guard let front = groups(halves[0], mayEndInIPv4: halves.count == 1),
        let back = halves.count == 2 ? groups(halves[1], mayEndInIPv4: true) : []
    else { return nil }
    let missing = 8 - front.count - back.count
    guard halves.count == 2 ? missing >= 1 : missing == 0 else { return nil }
    return (front + Array(repeating: 0, count: missing) + back).reduce(0) { $0 << 16 | UInt128($1) }
}

private func groups(_ text: Substring, mayEndInIPv4: Bool) -> [UInt16]? {
    if text.isEmpty { return [] }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    var groups: [UInt16] = []
    for (index, part) in parts.enumerated() {
        if index == parts.count - 1, mayEndInIPv4, part.contains(".") {
            guard let bits = ipv4(part) else { return nil }
            groups += [UInt16(truncatingIfNeeded: bits >> 16), UInt16(truncatingIfNeeded: bits)]
        } else {
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy({ hexValue($0) != nil }),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
    }
    return groups.count <= 8 ? groups : nil
}

extension BidirectionalCollection where Element == UInt8 {
    fileprivate var firstIndexOfDoubleColon: Index? {
        var previous: Index?
        for index in indices {
            let isColon = self[index] == UInt8(ascii: ":")
            if isColon, let previous { return previous }
            previous = isColon ? index : nil
        }
        return nil
    }
}

/// RFC 5952: lower case, no leading zeros, "::" for the first of the longest runs of two or more zero groups.
private func canonical(groups: [UInt16]) -> String {
    var longest = 0..<0
    var start = 0
    while start < 8 {
        var end = start
        while end < 8, groups[end] == 0 { end += 1 }
        if end - start > max(1, longest.count) { longest = start..<end }
        start = max(end, start + 1)
    }
    let texts = groups.map { String($0, radix: 16) }
    if longest.isEmpty { return texts.joined(separator: ":") }
    return texts[..<longest.lowerBound].joined(separator: ":") + "::"
        + texts[longest.upperBound...].joined(separator: ":")
}
