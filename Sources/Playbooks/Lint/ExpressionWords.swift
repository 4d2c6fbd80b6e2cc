internal import CEL

/// The words and signs of a CEL expression with their places: as much of its syntax as the rules need.
struct ExpressionWords {
    struct Word: Equatable {
        var text: String
        var range: Range<Int>
        var isString: Bool
    }

    private(set) var words: [Word] = []

    init(_ condition: Condition) {
        let bytes = Array(condition.program.source.utf8)
        var offset = 0
        while offset < bytes.count {
            let byte = bytes[offset]
            var end = offset + 1
            var isString = false
            if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
                end = endOfString(in: bytes, from: offset) ?? bytes.count
                isString = true
            } else if byte.isNameByte {
                while end < bytes.count, bytes[end].isNameByte { end += 1 }
            } else if byte == UInt8(ascii: "/"), bytes.is(byte, at: offset + 1) {
                while offset < bytes.count, !bytes[offset].isLineBreak { offset += 1 }
                continue
            } else if "=!<>&|".utf8.contains(byte), end < bytes.count, "=&|".utf8.contains(bytes[end]) {
                end += 1
            }
            if !byte.isBlank, !byte.isLineBreak {
                let text = String(decoding: bytes[offset..<end], as: UTF8.self)
                words.append(Word(text: text, range: offset..<end, isString: isString))
            }
            offset = end
        }
    }
}

extension Playbook {
    /// Every condition that decides something, definitions aside.
    var conditions: [Condition] {
        causes.map(\.when)
            + remedies.flatMap { remedy in
                [remedy.when, remedy.verify].compactMap { $0 } + (remedy.steps + remedy.rollback).compactMap(\.when)
            }
    }

    /// Every text with holes that is shown or run.
    var templates: [Template] {
        causes.compactMap(\.because)
            + remedies.flatMap { ($0.steps + $0.rollback).flatMap(\.templates) }
    }

    /// Every name and every text that stands in its expressions: no field of a fact is read by another name.
    package var wordsRead: Set<String> {
        Set(
            expressions.flatMap { ExpressionWords($0).words }.map { word in
                word.isString ? String(word.text.dropFirst().dropLast()) : word.text
            })
    }

    /// Every expression of the playbook.
    package var expressions: [Condition] {
        facts.flatMap { $0.parameters.values.flatMap(\.conditions) } + definitions.map(\.condition) + conditions
            + templates.flatMap(\.conditions)
    }
}

extension Step {
    var templates: [Template] {
        switch action {
        case .run(let arguments): arguments
        case .say(let text): [text]
        }
    }
}
