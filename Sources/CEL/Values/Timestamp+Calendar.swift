/// Calendar of ISO 8601 (proleptic Gregorian), in whole days since 1970-01-01.
struct CivilDate {
    var year: Int64
    /// 1 to 12.
    var month: Int64
    /// 1 to 31.
    var day: Int64

    init(year: Int64, month: Int64, day: Int64) {
        self.year = year
        self.month = month
        self.day = day
    }

    // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years that start in March put the leap day last.
    init(days: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var days: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    var dayOfYear: Int64 { days - CivilDate(year: year, month: 1, day: 1).days }
    /// 0 is Sunday.
    static func weekday(days: Int64) -> Int64 { (((days + 4) % 7) + 7) % 7 }

    static func daysInMonth(_ month: Int64, of year: Int64) -> Int64 {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension Timestamp {
    /// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z.
    static let secondsRange: ClosedRange<Int64> = -62_135_596_800...253_402_300_799

    /// `nil` outside of the years 1 to 9999.
    init?(checkedSeconds seconds: Int64, nanoseconds: Int32 = 0) {
        guard Self.secondsRange.contains(seconds) else { return nil }
        self.init(seconds: seconds, nanoseconds: nanoseconds)
    }

    func adding(_ span: Duration) -> Timestamp? {
        var seconds = seconds + span.seconds
        var nanoseconds = nanoseconds + span.nanoseconds
        if nanoseconds < 0 {
            nanoseconds += 1_000_000_000
            seconds -= 1
        } else if nanoseconds >= 1_000_000_000 {
            nanoseconds -= 1_000_000_000
            seconds += 1
        }
        return Timestamp(checkedSeconds: seconds, nanoseconds: nanoseconds)
    }

    func subtracting(_ other: Timestamp) -> Duration? {
        Duration(seconds: seconds - other.seconds, nanosecondsDelta: Int64(nanoseconds) - Int64(other.nanoseconds))
    }
}

extension Duration {
    /// As in the reference: what fits into 64 bits of nanoseconds, 292 years.
    static let limit: Int64 = 9_223_372_036

    /// Brings both parts to one sign; `nil` where it is too long.
    init?(seconds: Int64, nanosecondsDelta: Int64) {
        var (seconds, overflow) = seconds.addingReportingOverflow(nanosecondsDelta / 1_000_000_000)
        guard !overflow else { return nil }
        var nanoseconds = nanosecondsDelta % 1_000_000_000
        if seconds > 0, nanoseconds < 0 {
            seconds -= 1
            nanoseconds += 1_000_000_000
        } else if seconds < 0, nanoseconds > 0 {
            seconds += 1
            nanoseconds -= 1_000_000_000
        }
        guard seconds.magnitude <= UInt64(Self.limit) else { return nil }
        guard seconds.magnitude < UInt64(Self.limit) || nanoseconds.magnitude <= 854_775_807 else { return nil }
        self.init(seconds: seconds, nanoseconds: Int32(nanoseconds))
    }

    func adding(_ other: Duration) -> Duration? {
        let (sum, overflow) = seconds.addingReportingOverflow(other.seconds)
        guard !overflow else { return nil }
        return Duration(seconds: sum, nanosecondsDelta: Int64(nanoseconds) + Int64(other.nanoseconds))
    }

    var negated: Duration { Duration(seconds: 0 &- seconds, nanoseconds: 0 &- nanoseconds) }
}
