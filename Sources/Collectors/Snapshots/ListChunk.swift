internal import CEL
internal import Facts

/// The elements of a list that come into the same member of a snapshot, as JSON.
struct ListChunk: Sendable {
    private var content: [UInt8] = []
    private var count = 0

    var isFull: Bool { content.count >= SnapshotFormat.chunkSize }

    mutating func append(_ element: some Sequence<UInt8>) {
        content += content.isEmpty ? [UInt8(ascii: "[")] : [UInt8(ascii: ","), 0x0A]
        content += element
        count += 1
    }

    /// What was gathered, as a list, and how many it holds; `nil` where it is nothing.
    mutating func take() -> (content: [UInt8], count: Int)? {
        guard count > 0 else { return nil }
        defer {
            content.removeAll(keepingCapacity: true)
            count = 0
        }
        return (content + [UInt8(ascii: "]"), 0x0A], count)
    }
}

extension SnapshotFormat {
    /// Encoded values are plain JSON, so there is nothing to refuse; what should come anyway is left out visibly.
    static func json(_ value: Value, layout: JSONWriter.Layout = .compact) -> [UInt8] {
        let writer = JSONWriter(layout: layout, substitute: { .string($0.description) })
        return (try? writer.bytes(value)) ?? Array("null".utf8)
    }

    /// - Parameters:
    ///   - base: of the fact.
    ///   - number: from 1 on.
    static func chunkPath(_ base: String, _ field: String, _ number: Int) -> String {
        "\(base)/\(field)-\(padded(number, 6)).json"
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
