// Searching in bytes: UTF-8 finds the same places as a search by code points and never a place within one.

extension String {
    /// The position, in code points, of the first occurrence at or behind a position.
    func firstIndex(ofPart part: String, from start: Int) -> Int? {
        unsafe withUTF8Bytes { text in
            unsafe part.withUTF8Bytes { part in
                guard let offset = unsafe byteOffset(ofScalar: start, in: text),
                    let found = unsafe find(part, in: text, from: offset)
                else { return nil }
                return unsafe start + countScalars(text, offset..<found)
            }
        }
    }

    /// The position, in code points, of the last occurrence that starts at or before a position.
    func lastIndex(ofPart part: String, upTo last: Int) -> Int? {
        unsafe withUTF8Bytes { text in
            unsafe part.withUTF8Bytes { part in
                let limit = unsafe byteOffset(ofScalar: last, in: text) ?? text.count
                guard let found = unsafe findLast(part, in: text, startingUpTo: limit) else { return nil }
                return unsafe countScalars(text, 0..<found)
            }
        }
    }

    /// The parts between the separators, at most `limit`; with an empty separator the characters.
    func split(atPart separator: String, limit: Int = .max) -> List {
        if limit == 0 { return [] }
        return unsafe withUTF8Bytes { text in
            unsafe separator.withUTF8Bytes { separator in
                var parts: [Value] = []
                unsafe parts.reserveCapacity(partCount(of: text, separator: separator, limit: limit))
                var start = 0
                while parts.count < limit - 1,
                    let end = unsafe endOfPart(in: text, from: start, separator: separator)
                {
                    parts.append(.string(unsafe string(text, start..<end)))
                    start = end + separator.count
                }
                // Splitting at every character leaves nothing behind the last one.
                if !separator.isEmpty || start < text.count {
                    parts.append(.string(unsafe string(text, start..<text.count)))
                }
                return List(parts)
            }
        }
    }

    /// How many parts `split` would give, found without making them.
    func countOfParts(separator: String) -> Int {
        unsafe withUTF8Bytes { text in
            unsafe separator.withUTF8Bytes { separator in
                guard let first = unsafe separator.first else { return unsafe countScalars(text, 0..<text.count) }
                if separator.count == 1 {
                    return unsafe countBytes(first, in: text) + 1
                }
                var count = 1
                var start = 0
                while let end = unsafe find(separator, in: text, from: start) {
                    count += 1
                    start = end + separator.count
                }
                return count
            }
        }
    }

    /// The string with the first `limit` occurrences replaced; an empty part stands before, between and behind characters.
    func replacing(
        part: String, with replacement: String, limit: Int = .max
    ) throws(EvaluationError) -> String {
        var result: [UInt8] = []
        let replacement = Array(replacement.utf8)
        unsafe withUTF8Bytes { text in
            unsafe part.withUTF8Bytes { part in
                result.reserveCapacity(text.count)
                var start = 0
                for count in 0..<Swift.min(limit, text.count + 1) {
                    var end: Int?
                    if part.isEmpty {
                        end = unsafe count == 0 ? 0 : start < text.count ? nextScalar(text, start) : nil
                    } else {
                        end = unsafe find(part, in: text, from: start)
                    }
                    guard let end, result.count <= ResultLimit.bytes else { break }
                    unsafe result.append(contentsOf: text[start..<end])
                    result.append(contentsOf: replacement)
                    start = end + part.count
                }
                unsafe result.append(contentsOf: text[start...])
            }
        }
        try ResultLimit.check(bytes: result.count)
        return String(decoding: result, as: UTF8.self)
    }

    /// Changes ASCII bytes to other ASCII bytes.
    func mappingBytes(_ transform: (UInt8) -> UInt8) -> String {
        unsafe withUTF8Bytes { bytes in
            unsafe String(unsafeUninitializedCapacity: bytes.count) { output in
                for index in bytes.indices { unsafe output[index] = transform(bytes[index]) }
                return bytes.count
            }
        }
    }
}

/// How many parts there are at most, counted so that the list is allocated once.
private func partCount(
    of text: UnsafeBufferPointer<UInt8>, separator: UnsafeBufferPointer<UInt8>, limit: Int
) -> Int {
    guard let first = unsafe separator.first else { return min(text.count, limit) }
    return unsafe min(countBytes(first, in: text) + 1, limit)
}

private func countBytes(_ byte: UInt8, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var count = 0
    for index in text.indices where unsafe text[index] == byte { count &+= 1 }
    return count
}

private func endOfPart(
    in text: UnsafeBufferPointer<UInt8>, from start: Int, separator: UnsafeBufferPointer<UInt8>
) -> Int? {
    if !separator.isEmpty { return unsafe find(separator, in: text, from: start) }
    guard start < text.count else { return nil }
    let next = unsafe nextScalar(text, start)
    return next < text.count ? next : nil
}

private func string(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> String {
    unsafe String(decoding: UnsafeBufferPointer(rebasing: text[range]), as: UTF8.self)
}

private func nextScalar(_ text: UnsafeBufferPointer<UInt8>, _ offset: Int) -> Int {
    var next = offset + 1
    while unsafe next < text.count && isContinuation(text[next]) { next += 1 }
    return next
}

private func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

private func countScalars(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int {
    var count = 0
    for offset in range { if unsafe !isContinuation(text[offset]) { count += 1 } }
    return count
}

/// `nil` beyond the end.
private func byteOffset(ofScalar position: Int, in text: UnsafeBufferPointer<UInt8>) -> Int? {
    if position > text.count { return nil }
    var remaining = position
    var offset = 0
    while remaining > 0 && offset < text.count {
        offset = unsafe nextScalar(text, offset)
        remaining -= 1
    }
    return remaining == 0 ? offset : nil
}

/// The first occurrence at or behind the offset, in time linear in both lengths.
private func find(
    _ part: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, from start: Int
) -> Int? {
    guard let first = unsafe part.first else { return start }
    var offset = start
    // Most searches end without a false start; the table is built at the first one that goes far.
    var wasted = 0
    while offset + part.count <= text.count {
        if unsafe text[offset] == first {
            var length = 1
            while length < part.count, unsafe text[offset + length] == part[length] { length += 1 }
            if length == part.count { return offset }
            wasted += length
            if wasted > 4 * part.count + 64 {
                return unsafe findByTable(part, in: text, from: offset + 1, step: 1)
            }
        }
        offset += 1
    }
    return nil
}

/// The last occurrence that starts at or before the limit.
private func findLast(
    _ part: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, startingUpTo limit: Int
) -> Int? {
    if part.isEmpty { return min(limit, text.count) }
    guard text.count >= part.count else { return nil }
    let end = min(limit, text.count - part.count) + part.count
    return unsafe findByTable(part, in: UnsafeBufferPointer(rebasing: text[..<end]), from: 0, step: -1)
}

/// Knuth, Morris and Pratt's search: forward from an offset, or (step -1) backward from the end.
private func findByTable(
    _ part: UnsafeBufferPointer<UInt8>, in text: UnsafeBufferPointer<UInt8>, from start: Int, step: Int
) -> Int? {
    func partByte(_ index: Int) -> UInt8 { unsafe step > 0 ? part[index] : part[part.count - 1 - index] }
    var fallback = [Int](repeating: 0, count: part.count)
    var matched = 0
    for index in 1..<part.count {
        while matched > 0, partByte(index) != partByte(matched) { matched = fallback[matched - 1] }
        if partByte(index) == partByte(matched) { matched += 1 }
        fallback[index] = matched
    }
    matched = 0
    for index in start..<text.count {
        let offset = step > 0 ? index : text.count - 1 - index
        while matched > 0, unsafe text[offset] != partByte(matched) { matched = fallback[matched - 1] }
        if unsafe text[offset] == partByte(matched) { matched += 1 }
        if matched == part.count { return step > 0 ? offset - part.count + 1 : offset }
    }
    return nil
}
