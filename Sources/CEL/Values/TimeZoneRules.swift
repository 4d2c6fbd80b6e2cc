internal import FoundationEssentials
internal import Synchronization

/// The offsets of one time zone from UTC, read from the machine's time zone database (RFC 8536).
struct TimeZoneRules: Sendable {
    /// When each offset starts to hold, in seconds since 1970, in order.
    private var starts: [Int64] = []
    private var offsets: [Int64] = []
    private var firstOffset: Int64 = 0
    /// What holds behind the last start: a POSIX rule such as `CET-1CEST,M3.5.0,M10.5.0/3`.
    private var footer: PosixTimeZone?

    /// By name (`America/New_York`, `UTC`) or offset (`+01:00`, `-02:30`, `02:00`); `nil` where there is none such.
    static func offset(of zone: String, at seconds: Int64) -> Int64? {
        if let fixed = fixedOffset(zone) { return fixed }
        if zone == "UTC" || zone.isEmpty { return 0 }
        return named(zone)?.offset(at: seconds)
    }

    private static func fixedOffset(_ zone: String) -> Int64? {
        var text = Substring(zone)
        var sign: Int64 = 1
        if let first = text.first, first == "+" || first == "-" {
            sign = first == "-" ? -1 : 1
            text.removeFirst()
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy(\.isDigit) }),
            let hours = Int64(parts[0]), let minutes = Int64(parts[1]), hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 60 + minutes) * 60
    }

    private static let cache = Mutex<[String: TimeZoneRules?]>([:])

    private static func named(_ name: String) -> TimeZoneRules? {
        cache.withLock { cache in
            if let known = cache[name] { return known }
            // Bounded: names come from expressions.
            if cache.count > 1000 { cache.removeAll() }
            let rules = read(name)
            cache[name] = .some(rules)
            return rules
        }
    }

    private static func read(_ name: String) -> TimeZoneRules? {
        let isPlain = name.utf8.allSatisfy {
            $0.isIdentifierStart || $0.isDigit || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "-")
                || $0 == UInt8(ascii: "+")
        }
        guard isPlain, !name.hasPrefix("/") else { return nil }
        for folder in ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"] {
            guard let data = try? Data(contentsOf: URL(filePath: "\(folder)/\(name)")) else { continue }
            return TimeZoneRules(file: Array(data))
        }
        return nil
    }

    private init?(file: [UInt8]) {
        var reader = BigEndianReader(bytes: file)
        guard let first = reader.header() else { return nil }
        if first.version >= UInt8(ascii: "2") {
            // The first block has 32 bits only; the second repeats it with 64.
            reader.position += first.size(timeBytes: 4)
            guard let second = reader.header() else { return nil }
            self.init(&reader, second, timeBytes: 8)
            let text = String(decoding: file[min(reader.position, file.count)...], as: UTF8.self)
            footer = PosixTimeZone(text.split(separator: "\n").first.map(String.init) ?? "")
        } else {
            self.init(&reader, first, timeBytes: 4)
        }
    }

    private init?(_ reader: inout BigEndianReader, _ header: BigEndianReader.Header, timeBytes: Int) {
        guard reader.position + header.size(timeBytes: timeBytes) <= reader.bytes.count, header.types > 0 else {
            return nil
        }
        let end = reader.position + header.size(timeBytes: timeBytes)
        starts = (0..<header.transitions).map { _ in reader.integer(timeBytes) }
        let indices = (0..<header.transitions).map { _ in Int(reader.integer(1)) & 0xFF }
        let types: [Int64] = (0..<header.types).map { _ in
            let offset = reader.integer(4)
            reader.position += 2
            return offset
        }
        guard indices.allSatisfy({ $0 < types.count }) else { return nil }
        offsets = indices.map { types[$0] }
        firstOffset = types[0]
        reader.position = end
    }

    private func offset(at seconds: Int64) -> Int64 {
        guard let first = starts.first, seconds >= first else {
            return starts.isEmpty ? footer?.offset(at: seconds) ?? firstOffset : firstOffset
        }
        if let last = starts.last, seconds >= last, let footer { return footer.offset(at: seconds) }
        var low = 0
        var high = starts.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= seconds { low = middle } else { high = middle }
        }
        return offsets[low]
    }
}

private struct BigEndianReader {
    struct Header {
        var version: UInt8
        var transitions, types, leaps, standards, universals, letters: Int

        func size(timeBytes: Int) -> Int {
            transitions * (timeBytes + 1) + types * 6 + letters + leaps * (timeBytes + 4) + standards + universals
        }
    }

    let bytes: [UInt8]
    var position = 0

    mutating func header() -> Header? {
        guard position + 44 <= bytes.count, bytes[position..<position + 4].elementsEqual("TZif".utf8) else {
            return nil
        }
        let version = bytes[position + 4]
        position += 20
        let counts = (0..<6).map { _ in Int(integer(4)) }
        guard counts.allSatisfy({ 0...100_000 ~= $0 }) else { return nil }
        return Header(
            version: version, transitions: counts[3], types: counts[4], leaps: counts[2], standards: counts[1],
            universals: counts[0], letters: counts[5])
    }

    /// Signed, of so many bytes, which the caller has made sure of.
    mutating func integer(_ count: Int) -> Int64 {
        var number: Int64 = count > 0 && bytes[position] & 0x80 != 0 ? -1 : 0
        for _ in 0..<count {
            number = number << 8 | Int64(bytes[position])
            position += 1
        }
        return number
    }
}
