/// A Kubernetes quantity such as `500m` or `1.5Gi` (apimachinery, `resource.Quantity`).
struct Quantity: OpaqueValue, FunctionValue {
    static let type = ValueType.opaque("kubernetes.Quantity", [])

    /// Which suffixes it is written with.
    enum Format {
        case binary
        case decimal
        case exponent
    }

    var amount: FixedPoint
    var format: Format

    init(amount: FixedPoint, format: Format) {
        self.amount = amount
        self.format = format
    }

    private static let binarySuffixes = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
    private static let decimalSuffixes = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"]
    private static let largestBinary = FixedPoint(.max)

    init(parsing text: String) throws(EvaluationError) {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
        let whole = Self.digits(&rest)
        var fraction = ""
        if rest.first == UInt8(ascii: ".") {
            rest.removeFirst()
            fraction = Self.digits(&rest)
        }
        let suffix = String(Substring(rest))
        guard !(whole + fraction).isEmpty, let (factor, exponent, format) = Self.meaning(ofSuffix: suffix) else {
            throw .invalidArgument(
                "\(quoted(text)) is no quantity: a number and one of the suffixes n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, "
                    + "Ti, Pi, Ei, or an exponent such as e3, were expected")
        }
        // Multiplied first: what is rounded is the whole quantity.
        let number = FixedPoint(digits: whole + fraction, exponent: 0, isNegative: false)
        let multiplied = (0..<factor).reduce(number) { number, _ in number.map { $0 * 1024 } }
        let places = exponent - fraction.utf8.count
        guard let digits = multiplied?.digits.dropLast(9),
            let amount = FixedPoint(digits: String(digits), exponent: places, isNegative: isNegative)
        else { throw .invalidArgument("\(quoted(text)) has more than \(FixedPoint.maximumDigits) digits") }
        self.init(amount: amount, format: format)
        if format == .binary { capBinary() }
    }

    /// Kubernetes keeps binary quantities within 64 bits and writes those below one with decimal suffixes.
    private mutating func capBinary() {
        if amount.magnitude.compared(to: Self.largestBinary) > 0 {
            amount = amount.isNegative ? -Self.largestBinary : Self.largestBinary
        }
        if !amount.isZero, amount.magnitude.compared(to: FixedPoint(1)) < 0 { format = .decimal }
    }

    private static func digits(_ rest: inout Substring.UTF8View) -> String {
        let digits = rest.prefix { $0 &- UInt8(ascii: "0") < 10 }
        rest = rest[digits.endIndex...]
        return String(Substring(digits))
    }

    /// How often 1024, and which power of ten, multiply the number.
    private static func meaning(ofSuffix suffix: String) -> (factor: Int, exponent: Int, format: Format)? {
        if let power = decimalSuffixes.firstIndex(of: suffix) { return (0, 3 * (power - 3), .decimal) }
        if let power = binarySuffixes.firstIndex(of: suffix) { return (power, 0, .binary) }
        guard suffix.first == "e" || suffix.first == "E" else { return nil }
        let number = suffix.dropFirst()
        guard number.utf8.count <= 8, let exponent = Int(number) else { return nil }
        return (0, exponent, .exponent)
    }

    var typeName: String { "kubernetes.Quantity" }

    func isEqual(to other: any OpaqueValue) -> Bool { (other as? Quantity)?.amount == amount }

    /// The canonical form: no fraction, and the largest suffix that allows it.
    var description: String {
        if amount.isZero { return "0" }
        let sign = amount.isNegative ? "-" : ""
        if format == .binary, let text = binaryText { return sign + text }
        var digits = amount.digits
        var power = -3
        while digits.hasSuffix("000"), format == .exponent || power < 6 {
            digits.removeLast(3)
            power += 1
        }
        if format == .exponent { return sign + digits + (power == 0 ? "" : "e\(3 * power)") }
        return sign + digits + Self.decimalSuffixes[power + 3]
    }

    private var binaryText: String? {
        var rest = amount.magnitude
        guard rest.isWhole, rest.compared(to: FixedPoint(1024)) >= 0 else { return nil }
        var power = 0
        while power < 6, let quotient = rest.dividedExactly(by: 1024), quotient.isWhole {
            rest = quotient
            power += 1
        }
        return rest.digits.dropLast(9) + Self.binarySuffixes[power]
    }

    static func + (left: Quantity, right: Quantity) -> Quantity {
        Quantity(amount: left.amount + right.amount, format: left.amount.isZero ? right.format : left.format)
    }

    static func - (left: Quantity, right: Quantity) -> Quantity {
        Quantity(amount: left.amount - right.amount, format: left.amount.isZero ? right.format : left.format)
    }
}
