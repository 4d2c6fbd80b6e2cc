/// Parts of timestamps and durations; cel-spec, "Timestamps and Durations".
extension Library {
    static let timestamps: [Function] = [
        part("getFullYear", "The year.", { $0.date.year }, example: "2009"),
        part("getMonth", "The month, 0 to 11.", { $0.date.month - 1 }, example: "1"),
        part("getDayOfYear", "The day of the year, from 0.", { $0.date.dayOfYear }, example: "43"),
        part("getDayOfMonth", "The day of the month, from 0.", { $0.date.day - 1 }, example: "12"),
        part("getDate", "The day of the month, from 1.", { $0.date.day }, example: "13"),
        part("getDayOfWeek", "The day of the week; Sunday is 0.", { CivilDate.weekday(days: $0.days) }, example: "5"),
        part("getHours", "The hour; of a duration, all whole hours.", { $0.time / 3600 }, example: "23") {
            $0.seconds / 3600
        },
        part("getMinutes", "The minute; of a duration, all whole minutes.", { $0.time / 60 % 60 }, example: "31") {
            $0.seconds / 60
        },
        part("getSeconds", "The second; of a duration, all whole seconds.", { $0.time % 60 }, example: "30") {
            $0.seconds
        },
        part("getMilliseconds", "The milliseconds behind the second.", { $0.milliseconds }, example: "500") {
            Int64($0.nanoseconds / 1_000_000)
        },
    ]

    /// A timestamp on the calendar and clock of a place.
    private struct Local {
        var days: Int64
        /// Seconds since midnight.
        var time: Int64
        var milliseconds: Int64

        init(_ timestamp: Timestamp, offset: Int64) {
            let seconds = timestamp.seconds + offset
            days = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
            time = seconds - days * 86_400
            milliseconds = Int64(timestamp.nanoseconds / 1_000_000)
        }

        var date: CivilDate { CivilDate(days: days) }
    }

    private static func part(
        _ name: String, _ summary: String, _ ofTime: @escaping @Sendable (Local) -> Int64, example: String,
        ofDuration: (@Sendable (Duration) -> Int64)? = nil
    ) -> Function {
        var overloads = [
            Overload(
                "timestamp_to_\(name)", member: true, [.timestamp], .int,
                .unary { value in
                    guard case .timestamp(let time) = value else { return .noOverload(name, value) }
                    return .int(ofTime(Local(time, offset: 0)))
                }),
            Overload(
                "timestamp_to_\(name)_with_tz", member: true, [.timestamp, .string], .int,
                .binary { value, zone in
                    guard case .timestamp(let time) = value, case .string(let zone) = zone else {
                        return .noOverload(name, value, zone)
                    }
                    guard let offset = TimeZoneRules.offset(of: zone, at: time.seconds) else {
                        return .error(EvaluationError(.invalidArgument, "there is no time zone '\(zone)'"))
                    }
                    return .int(ofTime(Local(time, offset: offset)))
                }),
        ]
        if let ofDuration {
            overloads.append(
                Overload(
                    "duration_to_\(name)", member: true, [.duration], .int,
                    .unary { value in
                        guard case .duration(let span) = value else { return .noOverload(name, value) }
                        return .int(ofDuration(span))
                    }))
        }
        let moment = "timestamp('2009-02-13T23:31:30.5Z')"
        return Function(
            name, summary, overloads: overloads, examples: [.init("\(moment).\(name)()", equals: example)])
    }
}
