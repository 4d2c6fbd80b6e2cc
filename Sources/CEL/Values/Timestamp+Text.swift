extension Timestamp {
    /// Reads RFC 3339, such as `2026-11-24T08:00:00.5+01:00`.
    public init?(rfc3339 text: String) {
        var reader = DigitReader(text)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T", "t"),
            let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
            let second = reader.number(2)
        else { return nil }
        guard (1...12).contains(month), (1...CivilDate.daysInMonth(month, of: year)).contains(day), hour < 24,
            minute < 60, second < 60
        else { return nil }
        var nanoseconds: Int64 = 0
        if reader.take(".") {
            guard let fraction = reader.fraction() else { return nil }
            nanoseconds = fraction
        }
        var offset: Int64 = 0
        if !reader.take("Z", "z") {
            let isNegative = reader.take("-")
            guard isNegative || reader.take("+"), let hours = reader.number(2), reader.take(":"),
                let minutes = reader.number(2), hours < 24, minutes < 60
            else { return nil }
            offset = (hours * 60 + minutes) * 60 * (isNegative ? -1 : 1)
        }
        guard reader.isAtEnd else { return nil }
        let days = CivilDate(year: year, month: month, day: day).days
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        self.init(checkedSeconds: seconds, nanoseconds: Int32(nanoseconds))
    }
}

extension Duration {
    /// Reads what Go writes: `1h15m`, `-1.5h`, `10ms`.
    public init?(text: String) {
        var reader = DigitReader(text)
        let isNegative = reader.take("-")
        if !isNegative { _ = reader.take("+") }
        if reader.rest == "0" {
            self.init(seconds: 0)
            return
        }
        var total = Duration(seconds: 0)
        guard !reader.isAtEnd else { return nil }
        while !reader.isAtEnd {
            guard let (whole, fraction) = reader.decimal(), let unit = reader.unit(),
                let part = Duration(whole: whole, billionths: fraction, unitInNanoseconds: unit),
                let sum = total.adding(part)
            else { return nil }
            total = sum
        }
        self = isNegative ? total.negated : total
    }

    private init?(whole: Int64, billionths: Int64, unitInNanoseconds unit: Int64) {
        let perSecond: Int64 = 1_000_000_000
        if unit >= perSecond {
            let seconds = unit / perSecond
            let (product, overflow) = whole.multipliedReportingOverflow(by: seconds)
            guard !overflow else { return nil }
            self.init(seconds: product, nanosecondsDelta: billionths * seconds)
        } else {
            let perUnit = perSecond / unit
            let nanoseconds = whole % perUnit * unit + billionths / perUnit
            self.init(seconds: whole / perUnit, nanosecondsDelta: nanoseconds)
        }
    }
}

/// Reads numbers off the front of a text.
private struct DigitReader {
    private var bytes: ArraySlice<UInt8>

    init(_ text: String) { bytes = ArraySlice(text.utf8) }

    var isAtEnd: Bool { bytes.isEmpty }
    var rest: String { String(decoding: bytes, as: UTF8.self) }

    mutating func take(_ letters: Unicode.Scalar...) -> Bool {
        guard let first = bytes.first, letters.contains(Unicode.Scalar(first)) else { return false }
        bytes.removeFirst()
        return true
    }

    /// Exactly so many digits.
    mutating func number(_ count: Int) -> Int64? {
        let digits = bytes.prefix(count)
        guard digits.count == count, digits.allSatisfy(\.isDigit) else { return nil }
        bytes.removeFirst(count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
    }

    /// Digits behind a decimal point, in billionths; what is finer is dropped.
    mutating func fraction() -> Int64? {
        let digits = bytes.prefix { $0.isDigit }
        guard !digits.isEmpty else { return nil }
        bytes.removeFirst(digits.count)
        var billionths: Int64 = 0
        for index in 0..<9 {
            let position = digits.startIndex + index
            let digit = position < digits.endIndex ? digits[position] - UInt8(ascii: "0") : 0
            billionths = billionths * 10 + Int64(digit)
        }
        return billionths
    }

    mutating func decimal() -> (whole: Int64, billionths: Int64)? {
        let digits = bytes.prefix { $0.isDigit }
        guard digits.count <= 18 else { return nil }
        bytes.removeFirst(digits.count)
        let whole = digits.reduce(Int64(0)) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        guard take(".") else { return digits.isEmpty ? nil : (whole, 0) }
        guard let billionths = fraction() else { return digits.isEmpty ? nil : (whole, 0) }
        return (whole, billionths)
    }

    /// A unit of time, in nanoseconds.
    mutating func unit() -> Int64? {
        let units: [(String, Int64)] = [
            ("ns", 1), ("us", 1000), ("µs", 1000), ("μs", 1000), ("ms", 1_000_000), ("s", 1_000_000_000),
            ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ]
        for (name, nanoseconds) in units where bytes.starts(with: name.utf8) {
            bytes.removeFirst(name.utf8.count)
            return nanoseconds
        }
        return nil
    }
}
