import Testing

@testable import CEL

@Suite struct NearestNamesTests {
    @Test(arguments: [
        ("failSwpOn", "failSwapOn"), ("fialSwapOn", "failSwapOn"), ("FAILSWAPON", "failSwapOn"), ("naem", "name"),
        ("failSwapOn", nil), ("zzz", nil), ("swapOnfail", nil), (String(repeating: "n", count: 65), nil), ("", nil),
    ])
    func `a few slips are forgiven, more are another word`(written: String, meant: String?) {
        #expect(nearestName(to: written, among: ["name", "failSwapOn", "path"]) == meant)
    }

    @Test func `of names that are equally near the first is meant`() {
        #expect(nearestName(to: "cat", among: ["car", "bat"]) == "car")
        #expect(nearestName(to: "cat", among: ["cart", "Cat"]) == "Cat")
    }

    @Test(arguments: [
        ("prdo", ["dev", "prod", "production-eu"], ["prod"]), ("prod", ["production-eu", "dev"], ["production-eu"]),
        ("zzz", ["dev", "prod"], []), ("", ["a", "abc"], ["a"]),
        ("eu", ["eu-4", "eu-2", "eu-3", "eu-1", "us"], ["eu-1", "eu-2", "eu-3"]),
        (String(repeating: "a", count: 500), [String(repeating: "b", count: 500)], []),
    ])
    func `names that may have been meant come nearest first`(written: String, names: [String], expected: [String]) {
        #expect(nearestNames(to: written, among: names) == expected)
    }
}
