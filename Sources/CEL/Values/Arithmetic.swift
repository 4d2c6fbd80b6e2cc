/// `+ - * / %` and negation; cel-spec, "Numeric Values" (every overflow is an error).
enum Arithmetic {
    static func add(_ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.int(let one), .int(let two)): whole(one.addingReportingOverflow(two), Value.int)
        case (.uint(let one), .uint(let two)): whole(one.addingReportingOverflow(two), Value.uint)
        case (.double(let one), .double(let two)): .double(one + two)
        case (.string(let one), .string(let two)): .string(one + two)
        case (.bytes(let one), .bytes(let two)): .bytes(one + two)
        case (.list(let one), .list(let two)):
            one.isEmpty ? right : two.isEmpty ? left : .list(List(one.elements + two.elements))
        case (.timestamp(let time), .duration(let span)), (.duration(let span), .timestamp(let time)):
            timestamp(time.adding(span))
        case (.duration(let one), .duration(let two)): duration(one.adding(two))
        default: .noOverload("_+_", left, right)
        }
    }

    static func subtract(_ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.int(let one), .int(let two)): whole(one.subtractingReportingOverflow(two), Value.int)
        case (.uint(let one), .uint(let two)): whole(one.subtractingReportingOverflow(two), Value.uint)
        case (.double(let one), .double(let two)): .double(one - two)
        case (.timestamp(let one), .timestamp(let two)): duration(one.subtracting(two))
        case (.timestamp(let time), .duration(let span)): timestamp(time.adding(span.negated))
        case (.duration(let one), .duration(let two)): duration(one.adding(two.negated))
        default: .noOverload("_-_", left, right)
        }
    }

    static func multiply(_ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.int(let one), .int(let two)): whole(one.multipliedReportingOverflow(by: two), Value.int)
        case (.uint(let one), .uint(let two)): whole(one.multipliedReportingOverflow(by: two), Value.uint)
        case (.double(let one), .double(let two)): .double(one * two)
        default: .noOverload("_*_", left, right)
        }
    }

    static func divide(_ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.int, .int(0)), (.uint, .uint(0)): .error(EvaluationError(.divideByZero, "division by zero"))
        case (.int(let one), .int(let two)): whole(one.dividedReportingOverflow(by: two), Value.int)
        case (.uint(let one), .uint(let two)): .uint(one / two)
        case (.double(let one), .double(let two)): .double(one / two)
        default: .noOverload("_/_", left, right)
        }
    }

    static func remainder(_ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.int, .int(0)), (.uint, .uint(0)): .error(EvaluationError(.modulusByZero, "modulus by zero"))
        case (.int(let one), .int(let two)): whole(one.remainderReportingOverflow(dividingBy: two), Value.int)
        case (.uint(let one), .uint(let two)): .uint(one % two)
        default: .noOverload("_%_", left, right)
        }
    }

    static func negate(_ operand: Value) -> Value {
        switch operand {
        case .int(let number): whole(Int64(0).subtractingReportingOverflow(number), Value.int)
        case .double(let number): .double(-number)
        default: .noOverload("-_", operand)
        }
    }

    @inline(__always)
    private static func whole<Number>(
        _ result: (partialValue: Number, overflow: Bool), _ make: (Number) -> Value
    ) -> Value {
        result.overflow ? overflow : make(result.partialValue)
    }

    private static func timestamp(_ time: Timestamp?) -> Value {
        time.map(Value.timestamp) ?? .error(EvaluationError(.overflow, "the time is not within the years 1 to 9999"))
    }

    private static func duration(_ span: Duration?) -> Value {
        span.map(Value.duration) ?? .error(EvaluationError(.overflow, "the duration is longer than 292 years"))
    }

    private static var overflow: Value {
        .error(EvaluationError(.overflow, "the result does not fit into 64 bits"))
    }
}

extension Value {
    /// The error of a function that has no overload for these arguments.
    static func noOverload(_ function: String, _ arguments: Value...) -> Value {
        noOverload(function, arguments)
    }

    static func noOverload(_ function: String, _ arguments: [Value]) -> Value {
        let types = arguments.map(\.typeName).joined(separator: ", ")
        let name = Checker.symbol(of: function) ?? function
        return .error(EvaluationError(.noSuchOverload, "'\(name)' does not apply to (\(types))"))
    }
}
