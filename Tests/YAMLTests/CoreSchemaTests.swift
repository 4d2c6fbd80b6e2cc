import Testing
import YAML

@Suite struct CoreSchemaTests {
    @Test(arguments: [
        ("", CoreValue.null), ("~", .null), ("null", .null), ("Null", .null), ("NULL", .null),
        ("nUll", .string("nUll")),
        ("true", .bool(true)), ("True", .bool(true)), ("TRUE", .bool(true)), ("tRUE", .string("tRUE")),
        ("false", .bool(false)), ("False", .bool(false)), ("FALSE", .bool(false)),
        ("yes", .string("yes")), ("no", .string("no")), ("on", .string("on")), ("off", .string("off")),
        ("y", .string("y")), ("Norway", .string("Norway")), ("<<", .string("<<")),
        ("0", .int(0)), ("-0", .int(0)), ("+12", .int(12)), ("-19", .int(-19)), ("012", .int(12)),
        ("0o17", .int(15)), ("0o8", .string("0o8")), ("0o", .string("0o")), ("-0o17", .string("-0o17")),
        ("0x1F", .int(31)), ("0xff", .int(255)), ("0xg", .string("0xg")), ("0x", .string("0x")),
        ("+0x1", .string("+0x1")), ("0b1", .string("0b1")), ("1_000", .string("1_000")), ("1:30", .string("1:30")),
        ("-", .string("-")), ("+", .string("+")), (".", .string(".")), ("1-", .string("1-")),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .uint(9_223_372_036_854_775_808)), ("18446744073709551615", .uint(.max)),
        ("0xFFFFFFFFFFFFFFFF", .uint(.max)),
        ("18446744073709551616", .double(18_446_744_073_709_551_616)),
        ("-9223372036854775809", .double(-9_223_372_036_854_775_808)),
        ("0x10000000000000000", .double(18_446_744_073_709_551_616)),
        ("1e3", .double(1000)), ("1E+3", .double(1000)), ("1e", .string("1e")), ("e3", .string("e3")),
        ("1.", .double(1)), (".5", .double(0.5)), ("-.5", .double(-0.5)), ("+1.5e-1", .double(0.15)),
        ("1.2.3", .string("1.2.3")), ("12e03", .double(12000)), ("1e1.5", .string("1e1.5")),
        (".inf", .double(.infinity)), ("-.Inf", .double(-.infinity)), ("+.INF", .double(.infinity)),
        ("inf", .string("inf")), ("nan", .string("nan")), ("infinity", .string("infinity")),
        ("0x1p3", .string("0x1p3")), ("2026-11-24", .string("2026-11-24")), ("１２", .string("１２")),
    ])
    func `a plain scalar is what the core schema says`(text: String, value: CoreValue) {
        #expect(Scalar(text: text, style: .plain).resolved == value)
    }

    @Test(arguments: [".nan", ".NaN", ".NAN"])
    func `not a number is a number`(text: String) {
        guard case .double(let number) = Scalar(text: text, style: .plain).resolved else {
            Issue.record("\(text) is no double")
            return
        }
        #expect(number.isNaN)
    }

    @Test(arguments: [Scalar.Style.singleQuoted, .doubleQuoted, .literal, .folded])
    func `what is quoted or a block is a string`(style: Scalar.Style) {
        #expect(Scalar(text: "12", style: style).resolved == .string("12"))
        #expect(Scalar(text: "", style: style).resolved == .string(""))
    }

    @Test(arguments: [
        ("!!str 12", CoreValue.string("12")), ("!!str", .string("")), ("! 12", .string("12")),
        ("!!int \"12\"", .int(12)), ("!!int 0x1F", .int(31)), ("!!float 1", .double(1)),
        ("!!float 18446744073709551615", .double(18_446_744_073_709_551_616)), ("!!bool 'true'", .bool(true)),
        ("!!null ''", .null), ("!mine 12", .string("12")), ("!!binary aGk=", .string("aGk=")),
        ("!<tag:yaml.org,2002:int> \"7\"", .int(7)),
    ])
    func `an explicit tag is honoured`(text: String, value: CoreValue) throws {
        let result = parse(text.utf8, limits: .playbook)
        #expect(result.errors == [])
        #expect(try #require(result.documents.first).resolved == value)
    }

    @Test(arguments: [
        "!!int many", "!!int 1.5", "!!int 18446744073709551616", "!!float x", "!!bool yes", "!!null 0", "!!map a",
        "!!seq a", "!!str [a]", "!!map [a]", "!!seq {a: b}", "!!int {a: b}",
    ])
    func `a tag that contradicts its value is an error`(text: String) {
        #expect(parse(text.utf8, limits: .playbook).errors.map(\.code) == [.tagMismatch])
    }
}
