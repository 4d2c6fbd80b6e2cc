/// A semantic version (semver.org 2.0.0).
struct Semver: OpaqueValue, FunctionValue {
    static let type = ValueType.opaque("kubernetes.Semver", [])

    let core: [UInt64]
    let prerelease: [String]
    let build: [String]

    init(parsing text: String) throws(EvaluationError) {
        let parts = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw Self.refusal(text, "three numbers with dots between them were expected") }
        var patch = parts[2]
        build = try Self.identifiers(&patch, behind: "+", of: text, allowsLeadingZeros: true)
        prerelease = try Self.identifiers(&patch, behind: "-", of: text, allowsLeadingZeros: false)
        var core: [UInt64] = []
        for part in [parts[0], parts[1], patch] {
            guard Self.isNumeric(part), let number = UInt64(part) else {
                throw Self.refusal(text, "'\(part)' is not a number")
            }
            guard part.count == 1 || part.first != "0" else { throw Self.refusal(text, "'\(part)' has a leading zero") }
            core.append(number)
        }
        self.core = core
    }

    /// Without a leading `v`, with missing numbers and without leading zeros, as Kubernetes normalizes.
    init(normalizing text: String) throws(EvaluationError) {
        let bare = text.hasPrefix("v") ? text.dropFirst() : text[...]
        var parts = bare.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false).map(
            Self.withoutLeadingZeros)
        if parts.count < 3, parts.last?.contains(where: { $0 == "+" || $0 == "-" }) == true {
            throw Self.refusal(text, "a short version cannot have pre-release or build parts")
        }
        while parts.count < 3 { parts.append("0") }
        try self.init(parsing: parts.joined(separator: "."))
    }

    private static func withoutLeadingZeros(_ part: Substring) -> String {
        guard part.count > 1 else { return String(part) }
        let rest = part.drop { $0 == "0" }
        return rest.first.map { ("0"..."9").contains($0) } == true ? String(rest) : "0" + rest
    }

    private static func refusal(_ text: String, _ reason: String) -> EvaluationError {
        .invalidArgument("\(quoted(text)) is no semantic version: \(reason)")
    }

    /// Cuts off what stands behind the mark.
    private static func identifiers(
        _ part: inout Substring, behind mark: Character, of text: String, allowsLeadingZeros: Bool
    ) throws(EvaluationError) -> [String] {
        guard let position = part.firstIndex(of: mark) else { return [] }
        let identifiers = part[part.index(after: position)...].split(separator: ".", omittingEmptySubsequences: false)
        part = part[..<position]
        for identifier in identifiers {
            guard !identifier.isEmpty, identifier.utf8.allSatisfy(isIdentifierByte) else {
                throw refusal(text, "'\(identifier)' is not made of letters, digits and '-'")
            }
            if !allowsLeadingZeros, isNumeric(identifier), identifier.count > 1, identifier.first == "0" {
                throw refusal(text, "'\(identifier)' has a leading zero")
            }
        }
        return identifiers.map(String.init)
    }

    private static func isIdentifierByte(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "-")
    }

    private static func isNumeric(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
    }

    var typeName: String { "kubernetes.Semver" }

    /// Build parts do not count.
    func isEqual(to other: any OpaqueValue) -> Bool { (other as? Semver).map { compared(to: $0) == 0 } ?? false }

    var description: String {
        core.map(String.init).joined(separator: ".")
            + (prerelease.isEmpty ? "" : "-" + prerelease.joined(separator: "."))
            + (build.isEmpty ? "" : "+" + build.joined(separator: "."))
    }

    /// Less than, equal to or greater than zero; semver.org, section 11.
    func compared(to other: Semver) -> Int {
        for (left, right) in zip(core, other.core) where left != right { return left < right ? -1 : 1 }
        if prerelease.isEmpty || other.prerelease.isEmpty {
            return prerelease.isEmpty == other.prerelease.isEmpty ? 0 : prerelease.isEmpty ? 1 : -1
        }
        for (left, right) in zip(prerelease, other.prerelease) where left != right { return Self.order(left, right) }
        return prerelease.count < other.prerelease.count ? -1 : prerelease.count > other.prerelease.count ? 1 : 0
    }

    private static func order(_ left: String, _ right: String) -> Int {
        switch (isNumeric(left), isNumeric(right)) {
        case (true, false): -1
        case (false, true): 1
        // Numbers without leading zeros: the longer is the greater.
        case (true, true) where left.utf8.count != right.utf8.count: left.utf8.count < right.utf8.count ? -1 : 1
        default: left.isOrderedBefore(right) ? -1 : 1
        }
    }
}
