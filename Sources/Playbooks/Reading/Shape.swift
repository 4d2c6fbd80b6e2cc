/// What a mapping in a file of ours may hold.
///
/// The loader checks files by it, the JSON Schema is written from it.
///
/// A class, as its keys are: each file is compared with the same ones, and nothing of them is copied for it.
package final class Shape: Sendable {
    package final class Key: Sendable {
        package let name: String
        package let kind: Kind
        /// For editors and reference pages; one sentence.
        package let summary: String
        package let isRequired: Bool

        package init(_ name: String, _ kind: Kind, _ summary: String, isRequired: Bool = false) {
            self.name = name
            self.kind = kind
            self.summary = summary
            self.isRequired = isRequired
        }
    }

    /// What may stand as the value of a key.
    package indirect enum Kind: Sendable {
        /// Text that is not empty.
        case text
        /// Text with `{{ }}` holes.
        case template
        /// An argument of a command: text with `{{ }}` holes that may be empty.
        case argument
        /// CEL.
        case expression
        case boolean
        case integer
        /// A number or text such as `10s`.
        case duration
        /// Three numbers, as in semver.
        case version
        case url
        case choice([String])
        case name(NameStyle)
        /// `playbook/cause`, or `cause` for one of the same playbook.
        case causeReference
        case timestamp
        case constant(String)
        /// Any scalar but null.
        case scalar
        /// Any YAML.
        case anything
        case list(Kind, isEmptyAllowed: Bool = true)
        /// Names of the file's own choice.
        case named(NameStyle, Kind)
        case object(Shape)
        /// Told apart by their form: a scalar, a list or a mapping.
        case either(Kind, Kind)
    }

    /// How a name is written.
    package enum NameStyle: Sendable {
        /// `swap-enabled`: playbooks, causes, remedies.
        case kebab
        /// `fails_on_swap`: what conditions name.
        case identifier
        /// A dotted path of facts: `kubelet.failSwapOn`.
        case path
        /// Any key.
        case any
    }

    /// With its article, for messages: `a cause`.
    package let name: String
    package let summary: String
    package let keys: [Key]
    /// Exactly one of these keys must be there.
    package let exactlyOneOf: [String]

    package init(_ name: String, _ summary: String, exactlyOneOf: [String] = [], keys: [Key]) {
        self.name = name
        self.summary = summary
        self.exactlyOneOf = exactlyOneOf
        self.keys = keys
    }

    package subscript(name: String) -> Key? { number(of: name).map { keys[$0] } }

    /// The place of the key of that name among all.
    ///
    /// - Parameter start: where it probably stands: most files have their keys in the order of the shape.
    func number(of name: String, from start: Int = 0) -> Int? {
        for number in start..<keys.count where keys[number].name == name { return number }
        for number in 0..<start where keys[number].name == name { return number }
        return nil
    }
}

extension Shape.NameStyle {
    /// An anchored pattern that JSON Schema and RE2 both read.
    package var pattern: String {
        switch self {
        case .kebab: "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
        case .identifier: "^[A-Za-z_][A-Za-z0-9_]{0,62}$"
        case .path: "^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z0-9_-]+)*$"
        case .any: "^"
        }
    }

    package func allows(_ name: String) -> Bool {
        let bytes = name.utf8
        switch self {
        case .kebab:
            return (1...63).contains(bytes.count) && bytes.first != UInt8(ascii: "-")
                && bytes.last != UInt8(ascii: "-")
                && bytes.allSatisfy { $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") }
        case .identifier: return bytes.count <= 63 && isIdentifier(bytes[...])
        case .path:
            let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
            return isIdentifier(parts[0])
                && parts.dropFirst().allSatisfy { part in
                    !part.isEmpty && part.allSatisfy { $0.isNameByte || $0 == UInt8(ascii: "-") }
                }
        case .any: return true
        }
    }

    /// What a good name looks like, for messages.
    package var description: String {
        switch self {
        case .kebab: "lower-case letters, digits and '-', such as 'swap-enabled' (at most 63)"
        case .identifier: "letters, digits and '_', such as 'fails_on_swap', not starting with a digit (at most 63)"
        case .path: "a dotted path, such as 'kubelet.failSwapOn'"
        case .any: "any text"
        }
    }

    /// The name in this style that was probably meant.
    package func suggestion(for name: String) -> String? {
        let separator: Character
        switch self {
        case .kebab: separator = "-"
        case .identifier: separator = "_"
        case .path, .any: return nil
        }
        var result = ""
        for character in self.isKebab ? name.lowercased() : name {
            let isKept = character.isASCII && (character.isLetter || character.isNumber)
            if isKept { result.append(character) } else if result.last != separator { result.append(separator) }
        }
        while result.last == separator { result.removeLast() }
        while result.first == "-" { result.removeFirst() }
        return allows(result) && result != name ? result : nil
    }

    private var isKebab: Bool { if case .kebab = self { true } else { false } }

    private func isIdentifier(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, !first.isDigit else { return false }
        return bytes.allSatisfy(\.isNameByte)
    }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLowercaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isLetter: Bool { isLowercaseLetter || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
    /// Letters, digits and the underscore.
    var isNameByte: Bool { isLetter || isDigit || self == UInt8(ascii: "_") }
}
