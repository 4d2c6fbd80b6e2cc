internal import YAML

/// Whether the text is a version of semver.org: three numbers without leading zeros, then `-` and `+` parts.
func isSemanticVersion(_ text: String) -> Bool {
    if isThreeDigits(text.utf8) { return true }
    let build = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    let release = build[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let numbers = release[0].split(separator: ".", omittingEmptySubsequences: false)
    guard numbers.count == 3, numbers.allSatisfy(isNumericIdentifier) else { return false }
    if release.count == 2, !areIdentifiers(release[1], numbersMayStartWithZero: false) { return false }
    if build.count == 2, !areIdentifiers(build[1], numbersMayStartWithZero: true) { return false }
    return true
}

/// `1.0.0`, as most versions are: told without taking the text apart.
private func isThreeDigits(_ bytes: String.UTF8View) -> Bool {
    guard bytes.count == 5 else { return false }
    return bytes.enumerated().allSatisfy { $0.isMultiple(of: 2) ? $1.isDigit : $1 == UInt8(ascii: ".") }
}

private func isNumericIdentifier(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.count <= 18 && text.utf8.allSatisfy(\.isDigit) && (text.count == 1 || text.first != "0")
}

private func areIdentifiers(_ text: Substring, numbersMayStartWithZero: Bool) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { part in
        guard !part.isEmpty, part.utf8.allSatisfy({ $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "-") }) else {
            return false
        }
        return numbersMayStartWithZero || !part.utf8.allSatisfy(\.isDigit) || isNumericIdentifier(part)
    }
}

/// A span of time as a number of seconds or in Go's notation (`1m30s`, `500ms`); `nil` where it is neither.
func seconds(of value: CoreValue) -> Double? {
    switch value {
    case .int(let number): Double(number)
    case .double(let number): number
    case .string(let text): secondsWritten(text)
    case .uint, .bool, .null: nil
    }
}

private func secondsWritten(_ text: String) -> Double? {
    let units: [(suffix: String, seconds: Double)] = [("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)]
    var rest = Substring(text)
    var total = 0.0
    repeat {
        let digits = rest.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        guard let number = Double(digits) else { return nil }
        rest = rest.dropFirst(digits.count)
        guard let unit = units.first(where: { rest.hasPrefix($0.suffix) }) else { return nil }
        rest = rest.dropFirst(unit.suffix.count)
        total += number * unit.seconds
    } while !rest.isEmpty
    return total
}
