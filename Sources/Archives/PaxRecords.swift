/// What a pax header says of the next entry of a tar archive (POSIX.1-2001): records `LENGTH KEY=VALUE\n`, the length
/// counting itself.
package struct PaxRecords: Sendable {
    package let records: [(key: String, value: String)]

    package init(_ content: ArraySlice<UInt8>) throws(ArchiveError) {
        var found: [(key: String, value: String)] = []
        var rest = content
        while !rest.isEmpty {
            let digits = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }
            guard (1...6).contains(digits.count), let length = Int(String(decoding: digits, as: UTF8.self)),
                length > digits.count + 2, length <= rest.count
            else { throw ArchiveError(.damaged, "a pax record's length is wrong") }
            let record = rest.prefix(length).dropFirst(digits.count)
            guard record.first == UInt8(ascii: " "), record.last == UInt8(ascii: "\n"),
                let equals = record.firstIndex(of: UInt8(ascii: "="))
            else { throw ArchiveError(.damaged, "a pax record is malformed") }
            let key = String(decoding: record[(record.startIndex + 1)..<equals], as: UTF8.self)
            let value = record[(equals + 1)...].dropLast()
            guard !value.contains(0) else { throw ArchiveError(.damaged, "a pax record holds a NUL byte") }
            found.append((key, String(decoding: value, as: UTF8.self)))
            rest = rest.dropFirst(length)
        }
        records = found
    }
}
