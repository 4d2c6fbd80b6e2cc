// Directives stand before a document, at the start of the text or behind a line `...`. Three things that YAML 1.2
// allows there and libyaml refuses are taken out of its sight, in place, so that no offset changes.

extension Source {
    /// How many directives a document may have: libyaml compares each `%TAG` with all others.
    private static let mostDirectives = 64

    mutating func prepareDirectives() {
        var line = start
        var isAtPrologue = true
        while line < bytes.count {
            if isAtPrologue {
                line = preparePrologue(at: line)
                isAtPrologue = false
            } else {
                isAtPrologue = isDocumentEnd(line)
                line = nextLine(after: line)
            }
        }
    }

    /// Reads the lines up to the document's own first one; returns where that one starts.
    private mutating func preparePrologue(at first: Int) -> Int {
        var line = first
        var directives: [Int] = []
        while line < bytes.count {
            if bytes[line] == UInt8(ascii: "%") {
                directives.append(line)
            } else if isDocumentEnd(line), directives.isEmpty {
                // `...` with no document before it.
                bytes.replaceSubrange(line..<line + 3, with: "###".utf8)
            } else if !isBlankOrComment(line) {
                break
            }
            line = nextLine(after: line)
        }
        if directives.count > Source.mostDirectives {
            errors.append(
                YAMLError(
                    code: .tooLarge, message: "more than \(Source.mostDirectives) directives before a document",
                    mark: mark(at: directives[Source.mostDirectives])))
            // libyaml must not see them: its time would grow with their square.
            for directive in directives { bytes[directive] = UInt8(ascii: "#") }
        } else if starts(line, with: "---") {
            for directive in directives { prepareDirective(at: directive) }
        }
        return line
    }

    private mutating func prepareDirective(at line: Int) {
        let name = bytes[(line + 1)...].prefix { !isSpace($0) }
        if name.elementsEqual("YAML".utf8) {
            prepareVersion(at: name.endIndex)
        } else if !name.elementsEqual("TAG".utf8), !name.starts(with: "YAM".utf8) {
            // Reserved: a reader should go on without it. A misspelt `%YAML` is left for libyaml to refuse.
            bytes[line] = UInt8(ascii: "#")
        }
    }

    private mutating func prepareVersion(at end: Int) {
        let version = bytes[end...].drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard version.starts(with: "1.".utf8) else { return }
        let minor = version.dropFirst(2).prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        if minor.count == 1, let digit = minor.first, digit > UInt8(ascii: "2") {
            // A later version is read as 1.2, the latest that libyaml knows.
            bytes[minor.startIndex] = UInt8(ascii: "2")
        }
        if minor.endIndex < bytes.count, bytes[minor.endIndex] == UInt8(ascii: "#") {
            errors.append(
                YAMLError(
                    code: .nonConforming, message: "a comment needs a space before its '#'",
                    mark: mark(at: minor.endIndex)))
        }
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\n")
            || byte == UInt8(ascii: "\r")
    }

    private func starts(_ line: Int, with marker: StaticString) -> Bool {
        let text = marker.description.utf8
        guard bytes[line...].starts(with: text) else { return false }
        let behind = line + text.count
        return behind == bytes.count || isSpace(bytes[behind])
    }

    private func isDocumentEnd(_ line: Int) -> Bool {
        guard bytes[line] == UInt8(ascii: "."), starts(line, with: "...") else { return false }
        return isBlankOrComment(line + 3)
    }

    private func isBlankOrComment(_ from: Int) -> Bool {
        var index = from
        while index < bytes.count, bytes[index] == UInt8(ascii: " ") || bytes[index] == UInt8(ascii: "\t") {
            index += 1
        }
        return index == bytes.count || isSpace(bytes[index]) || bytes[index] == UInt8(ascii: "#")
    }

    private func nextLine(after line: Int) -> Int {
        var index = line
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n"), bytes[index] != UInt8(ascii: "\r") { index += 1 }
        if index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\r"), bytes[index + 1] == UInt8(ascii: "\n") {
            index += 1
        }
        return min(index + 1, bytes.count)
    }
}
