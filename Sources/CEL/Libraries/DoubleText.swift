#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension Double {
    /// The shortest digits that name this number, without an exponent: `0.00001`, `100000000000000000000`.
    var plain: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        let fraction = mantissa.count > 1 && mantissa[1] != "0" ? String(mantissa[1]) : ""
        var digits = String(mantissa[0]) + fraction
        var point = mantissa[0].count + exponent
        if point <= 0 {
            digits = String(repeating: "0", count: 1 - point) + digits
            point = 1
        } else if point > digits.count {
            digits += String(repeating: "0", count: point - digits.count)
        }
        let whole = digits.prefix(point)
        let rest = digits.dropFirst(point)
        return (sign == .minus ? "-" : "") + whole + (rest.isEmpty ? "" : "." + rest)
    }

    /// Exactly so many digits behind the point; the exact value is rounded, halves to even.
    func fixedPoint(_ precision: Int) -> String { printed("%.*f", precision) }

    /// One digit, so many behind the point, and an exponent: `1.052033e+03`.
    func scientific(_ precision: Int) -> String { printed("%.*e", precision) }

    // The C library rounds the exact binary value; nothing in the standard library does.
    private func printed(_ format: String, _ precision: Int) -> String {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 320 + precision) { buffer in
            let length = unsafe withVaList([Int32(precision), self]) {
                unsafe vsnprintf(buffer.baseAddress, buffer.count, format, $0)
            }
            return unsafe String(decoding: buffer.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}
