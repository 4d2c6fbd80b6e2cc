/// What a function may build at once.
///
/// Beyond that the default budget of 1,000,000 units would end the evaluation anyway, but only after the memory is gone.
enum ResultLimit {
    static let elements = 1_000_000
    static let bytes = 10_000_000

    static func check(bytes count: Int) throws(EvaluationError) {
        guard count <= bytes else {
            throw EvaluationError(.budgetExceeded, "the result would be longer than \(bytes) bytes")
        }
    }

    static func check(elements count: Int64) throws(EvaluationError) {
        guard count <= elements else {
            throw EvaluationError(.budgetExceeded, "the result would have more than \(elements) elements")
        }
    }
}
