internal import CEL
internal import FoundationEssentials

/// OpenSSH's file of that name: which key speaks for whom, for what and when (ssh-keygen(1), ALLOWED SIGNERS).
package struct AllowedSigners: Sendable {
    struct Line: Sendable {
        var principals: [String]
        var namespaces: [String]?
        var validAfter: Int64?
        var validBefore: Int64?
        var isAuthority: Bool
        var key: SSHKey
    }

    var lines: [Line] = []

    package init() {}

    package init(reading text: String, file: String) throws(LibraryError) {
        for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let words = Self.words(line)
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            do throws(LibraryError) { lines.append(try Self.line(words)) } catch {
                throw LibraryError(.malformedSigners, "\(file):\(number + 1): \(error.message)", hint: error.hint)
            }
        }
    }

    /// Those for whom the key speaks at that time, each as its line has them.
    ///
    /// As ssh-keygen, a line that does not hold (expired, of other namespaces) does not keep the next from holding.
    ///
    /// A certificate counts by its authority's line, for the names in it that the line allows.
    func principals(for key: SSHKey, at now: Timestamp) -> [[String]] {
        lines.filter { line in
            line.isAuthority == (key.certificate != nil)
                && line.key.blob == key.certificate?.authority ?? key.blob
                && (line.namespaces.map { Self.matches(SSHSignature.namespace, list: $0) } ?? true)
                && (line.validAfter.map { $0 <= now.seconds } ?? true)
                && (line.validBefore.map { now.seconds < $0 } ?? true)
        }.map { line in
            key.certificate.map { $0.principals(allowedBy: line.principals, at: now.seconds) } ?? line.principals
        }.filter { !$0.isEmpty }
    }

    // MARK: Reading

    /// Parts between blanks; quotation marks keep blanks together.
    private static func words(_ line: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var isQuoted = false
        for character in line where character != "\r" {
            if character == "\"" { isQuoted.toggle() }
            if !isQuoted, character == " " || character == "\t" {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        return word.isEmpty ? words : words + [word]
    }

    private static func line(_ words: [String]) throws(LibraryError) -> Line {
        let types = ["ssh-", "ecdsa-", "sk-"]
        guard let place = words.dropFirst().firstIndex(where: { word in types.contains { word.hasPrefix($0) } }),
            place <= 2, words.count > place + 1, let blob = Data(base64Encoded: words[place + 1])
        else { throw LibraryError(.malformedSigners, "expected principals, options and a public key") }
        let key = try SSHKey(blob: Array(blob))
        guard key.type == words[place], key.certificate == nil else {
            throw LibraryError(.malformedSigners, "the key is not of the type it says")
        }
        var line = Line(principals: patterns(words[0]), isAuthority: false, key: key)
        for option in place == 2 ? options(words[1]) : [] {
            let halves = option.split(separator: "=", maxSplits: 1).map(String.init)
            let value = halves.count == 2 ? halves[1].replacing("\"", with: "") : ""
            switch halves[0].lowercased() {
            case "cert-authority": line.isAuthority = true
            case "namespaces": line.namespaces = patterns(value)
            case "valid-after": line.validAfter = try time(value)
            case "valid-before": line.validBefore = try time(value)
            default: throw LibraryError(.malformedSigners, "the option '\(printable(halves[0]))' is unknown")
            }
        }
        return line
    }

    /// Commas divide, but not between quotation marks.
    private static func options(_ text: String) -> [String] {
        var parts = [""]
        var isQuoted = false
        for character in text {
            if character == "\"" { isQuoted.toggle() }
            if character == ",", !isQuoted { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts
    }

    private static func patterns(_ text: String) -> [String] {
        text.replacing("\"", with: "").split(separator: ",").map(String.init)
    }

    /// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`; with `Z` in UTC, else in the time of this machine, as ssh-keygen(1) has it.
    private static func time(_ text: String) throws(LibraryError) -> Int64 {
        let digits = text.hasSuffix("Z") ? text.dropLast() : text[...]
        guard [8, 12, 14].contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
            throw LibraryError(.malformedSigners, "'\(printable(text))' is not a time such as 20261231Z")
        }
        let full = Array(digits + String(repeating: "0", count: 14 - digits.count)).map(String.init)
        func part(_ range: Range<Int>) -> String { full[range].joined() }
        let rfc = "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(8..<10)):\(part(10..<12)):\(part(12..<14))Z"
        guard let time = Timestamp(rfc3339: rfc) else {
            throw LibraryError(.malformedSigners, "'\(printable(text))' is not a time such as 20261231Z")
        }
        return text.hasSuffix("Z") ? time.seconds : time.seconds - Disk.secondsEastOfUTC(at: time.seconds)
    }

    /// A list of patterns, of which those behind `!` except what they match, wherever they stand (ssh_config(5)).
    static func matches(_ text: String, list: [String]) -> Bool {
        let excepted = list.contains { $0.hasPrefix("!") && matches(text, String($0.dropFirst())) }
        return !excepted && list.contains { !$0.hasPrefix("!") && matches(text, $0) }
    }

    /// `*` and `?`; the same as ssh's patterns.
    static func matches(_ text: String, _ pattern: String) -> Bool {
        func match(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
            // The last star alone needs to be tried again.
            var (pattern, text) = (pattern, text)
            var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
            while true {
                if let first = pattern.first, first == UInt8(ascii: "*") {
                    pattern = pattern.dropFirst()
                    retry = (pattern, text)
                } else if let first = pattern.first, let byte = text.first, first == byte || first == UInt8(ascii: "?")
                {
                    (pattern, text) = (pattern.dropFirst(), text.dropFirst())
                } else if pattern.isEmpty, text.isEmpty {
                    return true
                } else if let last = retry, !last.text.isEmpty {
                    (pattern, text) = (last.pattern, last.text.dropFirst())
                    retry = (pattern, text)
                } else {
                    return false
                }
            }
        }
        return match(Array(pattern.utf8)[...], Array(text.utf8)[...])
    }
}
