/// An exact number of any size with nine digits behind the point: what a Kubernetes quantity can be.
struct FixedPoint: Hashable, Sendable {
    /// More digits in front of the point than any double has; beyond, a number is refused.
    static let maximumDigits = 1000

    private(set) var isNegative: Bool
    /// Digits to the base 10⁹, the lowest first.
    ///
    /// The first are those behind the point; there are no zeros at the top.
    private(set) var limbs: [UInt32]

    static let zero = FixedPoint(isNegative: false, limbs: [])

    private static let base: UInt64 = 1_000_000_000

    private init(isNegative: Bool, limbs: [UInt32]) {
        var limbs = limbs
        while limbs.last == 0 { limbs.removeLast() }
        self.limbs = limbs
        self.isNegative = isNegative && !limbs.isEmpty
    }

    init(_ number: Int64) {
        var rest = number.magnitude
        var limbs: [UInt32] = [0]
        while rest > 0 {
            limbs.append(UInt32(rest % Self.base))
            rest /= Self.base
        }
        self.init(isNegative: number < 0, limbs: limbs)
    }

    /// The number with these decimal digits and the exponent; what is smaller than 10⁻⁹ is rounded away from zero.
    ///
    /// `nil` where there are too many digits.
    init?(digits: String, exponent: Int, isNegative: Bool) {
        let significant = digits.drop { $0 == "0" }
        guard !significant.isEmpty else {
            self = .zero
            return
        }
        guard significant.utf8.count + exponent <= Self.maximumDigits, digits.utf8.count <= 2 * Self.maximumDigits
        else { return nil }
        var kept = String(significant)
        let shift = exponent + 9
        if shift >= 0 {
            kept += String(repeating: "0", count: shift)
            self.init(isNegative: isNegative, limbs: Self.limbs(ofDigits: kept))
        } else {
            let dropped = kept.suffix(-shift)
            kept.removeLast(dropped.count)
            self.init(isNegative: isNegative, limbs: Self.limbs(ofDigits: kept))
            let isExact = dropped.allSatisfy { $0 == "0" }
            if !isExact { self = FixedPoint(isNegative: isNegative, limbs: Self.add(limbs, [1])) }
        }
    }

    private static func limbs(ofDigits digits: String) -> [UInt32] {
        var limbs: [UInt32] = []
        var rest = digits[...]
        while !rest.isEmpty {
            limbs.append(UInt32(rest.suffix(9)) ?? 0)
            rest = rest.dropLast(9)
        }
        return limbs
    }

    var isZero: Bool { limbs.isEmpty }
    var signum: Int64 { isZero ? 0 : isNegative ? -1 : 1 }
    var isWhole: Bool { limbs.first ?? 0 == 0 }
    var magnitude: FixedPoint { FixedPoint(isNegative: false, limbs: limbs) }

    /// The decimal digits without the point, as a count of 10⁻⁹; no zeros in front.
    var digits: String {
        guard let top = limbs.last else { return "0" }
        return String(top) + limbs.dropLast().reversed().map(Self.nineDigits).joined()
    }

    private static func nineDigits(_ limb: UInt32) -> String {
        let digits = String(limb)
        return String(repeating: "0", count: 9 - digits.utf8.count) + digits
    }

    /// The number as an `int`, where it is whole and fits.
    var int64: Int64? {
        guard isWhole, limbs.count <= 4 else { return nil }
        let magnitude = limbs.dropFirst().reversed().reduce(UInt128(0)) { $0 * UInt128(Self.base) + UInt128($1) }
        return Int64(exactly: isNegative ? -Int128(magnitude) : Int128(magnitude))
    }

    /// The nearest double, infinite where there is none.
    var double: Double { Double((isNegative ? "-" : "") + digits + "e-9") ?? 0 }

    static prefix func - (number: FixedPoint) -> FixedPoint {
        FixedPoint(isNegative: !number.isNegative, limbs: number.limbs)
    }

    static func + (left: FixedPoint, right: FixedPoint) -> FixedPoint {
        if left.isNegative == right.isNegative {
            return FixedPoint(isNegative: left.isNegative, limbs: add(left.limbs, right.limbs))
        }
        let order = compare(left.limbs, right.limbs)
        return order < 0
            ? FixedPoint(isNegative: right.isNegative, limbs: subtract(right.limbs, left.limbs))
            : FixedPoint(isNegative: left.isNegative, limbs: subtract(left.limbs, right.limbs))
    }

    static func - (left: FixedPoint, right: FixedPoint) -> FixedPoint { left + -right }

    static func * (left: FixedPoint, right: UInt32) -> FixedPoint {
        var limbs: [UInt32] = []
        var carry: UInt64 = 0
        for limb in left.limbs {
            let product = UInt64(limb) * UInt64(right) + carry
            limbs.append(UInt32(product % base))
            carry = product / base
        }
        while carry > 0 {
            limbs.append(UInt32(carry % base))
            carry /= base
        }
        return FixedPoint(isNegative: left.isNegative, limbs: limbs)
    }

    /// The quotient, where nothing remains.
    func dividedExactly(by divisor: UInt32) -> FixedPoint? {
        var quotient = limbs
        var remainder: UInt64 = 0
        for index in limbs.indices.reversed() {
            let dividend = remainder * Self.base + UInt64(limbs[index])
            quotient[index] = UInt32(dividend / UInt64(divisor))
            remainder = dividend % UInt64(divisor)
        }
        return remainder == 0 ? FixedPoint(isNegative: isNegative, limbs: quotient) : nil
    }

    /// Less than, equal to or greater than zero.
    func compared(to other: FixedPoint) -> Int {
        if isNegative != other.isNegative { return isNegative ? -1 : 1 }
        let order = Self.compare(limbs, other.limbs)
        return isNegative ? -order : order
    }

    private static func compare(_ left: [UInt32], _ right: [UInt32]) -> Int {
        if left.count != right.count { return left.count < right.count ? -1 : 1 }
        for (left, right) in zip(left.reversed(), right.reversed()) where left != right { return left < right ? -1 : 1 }
        return 0
    }

    private static func add(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var sum: [UInt32] = []
        var carry: UInt64 = 0
        for index in 0..<max(left.count, right.count) {
            let digit =
                carry + UInt64(index < left.count ? left[index] : 0) + UInt64(index < right.count ? right[index] : 0)
            sum.append(UInt32(digit % base))
            carry = digit / base
        }
        if carry > 0 { sum.append(UInt32(carry)) }
        return sum
    }

    /// The left one is not the smaller.
    private static func subtract(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var difference = left
        var borrow: Int64 = 0
        for index in left.indices {
            let digit = Int64(left[index]) - Int64(index < right.count ? right[index] : 0) - borrow
            difference[index] = UInt32(digit < 0 ? digit + Int64(base) : digit)
            borrow = digit < 0 ? 1 : 0
        }
        return difference
    }
}
