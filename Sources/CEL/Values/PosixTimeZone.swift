/// A rule for all years to come, such as `EST5EDT,M3.2.0,M11.1.0`.
///
/// POSIX, "TZ environment variable".
struct PosixTimeZone: Sendable {
    private struct Change: Sendable {
        enum Day: Sendable {
            /// The weekday's n-th (5: last) in a month.
            case weekday(month: Int64, week: Int64, day: Int64)
            /// 1 to 365, never February 29.
            case julian(Int64)
            /// 0 to 365.
            case ordinal(Int64)
        }

        var day: Day
        var time: Int64
    }

    private var standard: Int64
    private var summer: Int64
    private var start: Change?
    private var end: Change?

    init?(_ text: String) {
        var scanner = Scanner(bytes: ArraySlice(text.utf8))
        guard scanner.name(), let west = scanner.time() else { return nil }
        standard = -west
        summer = standard
        guard !scanner.bytes.isEmpty else { return }
        guard scanner.name() else { return nil }
        summer = standard + 3600
        if scanner.bytes.first != UInt8(ascii: ",") {
            guard let west = scanner.time() else { return nil }
            summer = -west
        }
        guard scanner.take(","), let start = scanner.change(), scanner.take(","), let end = scanner.change() else {
            return nil
        }
        self.start = start
        self.end = end
    }

    func offset(at seconds: Int64) -> Int64 {
        guard let start, let end else { return standard }
        let local = seconds + standard
        let year = CivilDate(days: (local >= 0 ? local : local - 86_399) / 86_400).year
        let from = Self.moment(start, year) - standard
        let until = Self.moment(end, year) - summer
        let isSummer = from < until ? from <= seconds && seconds < until : !(until <= seconds && seconds < from)
        return isSummer ? summer : standard
    }

    private static func moment(_ change: Change, _ year: Int64) -> Int64 {
        let days: Int64
        switch change.day {
        case .weekday(let month, let week, let day):
            let first = CivilDate(year: year, month: month, day: 1).days
            var offset = (day - CivilDate.weekday(days: first) + 7) % 7 + (week - 1) * 7
            while offset >= CivilDate.daysInMonth(month, of: year) { offset -= 7 }
            days = first + offset
        case .julian(let day):
            let isLeapDayBefore = day >= 60 && CivilDate.daysInMonth(2, of: year) == 29
            days = CivilDate(year: year, month: 1, day: 1).days + day - 1 + (isLeapDayBefore ? 1 : 0)
        case .ordinal(let day): days = CivilDate(year: year, month: 1, day: 1).days + day
        }
        return days * 86_400 + change.time
    }

    private struct Scanner {
        var bytes: ArraySlice<UInt8>

        mutating func take(_ letter: Unicode.Scalar) -> Bool {
            guard let first = bytes.first, first == UInt8(ascii: letter) else { return false }
            bytes.removeFirst()
            return true
        }

        mutating func name() -> Bool {
            if take("<") {
                while let next = bytes.popFirst() { if next == UInt8(ascii: ">") { return true } }
                return false
            }
            let letters = bytes.prefix { $0.isIdentifierStart }
            bytes.removeFirst(letters.count)
            return letters.count >= 3
        }

        mutating func number() -> Int64? {
            let digits = bytes.prefix { $0.isDigit }
            guard (1...4).contains(digits.count) else { return nil }
            bytes.removeFirst(digits.count)
            return digits.reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }

        /// `[+-]hh[:mm[:ss]]` in seconds.
        mutating func time() -> Int64? {
            let sign: Int64 = take("-") ? -1 : 1
            if sign == 1 { _ = take("+") }
            guard var seconds = number().map({ $0 * 3600 }) else { return nil }
            if take(":") {
                guard let minutes = number() else { return nil }
                seconds += minutes * 60
                if take(":") {
                    guard let rest = number() else { return nil }
                    seconds += rest
                }
            }
            return sign * seconds
        }

        mutating func change() -> Change? {
            let day: Change.Day
            if take("M") {
                guard let month = number(), take("."), let week = number(), take("."), let weekday = number(),
                    (1...12).contains(month), (1...5).contains(week), weekday < 7
                else { return nil }
                day = .weekday(month: month, week: week, day: weekday)
            } else if take("J") {
                guard let number = number() else { return nil }
                day = .julian(number)
            } else {
                guard let number = number() else { return nil }
                day = .ordinal(number)
            }
            guard take("/") else { return Change(day: day, time: 7200) }
            return time().map { Change(day: day, time: $0) }
        }
    }
}
