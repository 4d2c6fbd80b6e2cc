extension Library {
    /// Kubernetes' semantic versions.
    static let semver = Library("kubernetes.semver", functions: semverReading + semverParts + semverOrder)

    private static let semverReading = [
        Function(
            "semver", "The semantic version that a text names; with `true`, also `v1.2` and `01.2.3`.",
            overloads: [
                Overload(
                    "string_to_semver", [.string], Semver.type, cost: Cost.traversal, .function(Semver.init(parsing:))),
                Overload(
                    "string_bool_to_semver", [.string, .bool], Semver.type, cost: Cost.traversal, .function(version)),
            ],
            examples: [
                .init("semver('1.2.3').minor()", equals: "2"),
                .init("semver('v1.0', true) == semver('1.0.0')", equals: "true"),
            ]),
        Function(
            "isSemver", "Whether the text is a semantic version.",
            overloads: [
                Overload(
                    "is_semver_string", [.string], .bool, cost: Cost.traversal,
                    .function { (text: String) in (try? Semver(parsing: text)) != nil }),
                Overload(
                    "is_semver_string_bool", [.string, .bool], .bool, cost: Cost.traversal,
                    .function { (text: String, normalizes: Bool) in (try? version(text, normalizes)) != nil }),
            ],
            examples: [
                .init("isSemver('1.0.0-alpha.1+b')", equals: "true"), .init("isSemver('v1.0.0')", equals: "false"),
                .init("isSemver('v01.01', true)", equals: "true"), .init("isSemver('1.0-rc', true)", equals: "false"),
            ]),
    ]

    private static let semverParts = ["major", "minor", "patch"].enumerated().map { index, name in
        Function(
            name, "The \(name) version number.",
            overloads: [
                Overload(
                    "semver_\(name)", member: true, [Semver.type], .int,
                    .function { (version: Semver) in Int64(clamping: version.core[index]) })
            ],
            examples: [.init("semver('1.2.3').\(name)()", equals: String(index + 1))])
    }

    private static let semverOrder = [
        order(
            "isGreaterThan", "semver_is_greater_than", .bool,
            .function { (left: Semver, right: Semver) in left.compared(to: right) > 0 },
            ("1.10.0", "1.9.0", "true"), ("1.0.0-rc.1", "1.0.0", "false")),
        order(
            "isLessThan", "semver_is_less_than", .bool,
            .function { (left: Semver, right: Semver) in left.compared(to: right) < 0 },
            ("1.0.0-alpha.9", "1.0.0-alpha.10", "true"), ("1.0.0+a", "1.0.0+b", "false")),
        order(
            "compareTo", "semver_compare_to", .int,
            .function { (left: Semver, right: Semver) in Int64(left.compared(to: right)) },
            ("1.2.3", "1.2.3", "0"), ("1.2.3", "0.1.2", "1"), ("1.0.0-1", "1.0.0-a", "-1")),
    ]

    private static func order(
        _ name: String, _ id: String, _ result: ValueType, _ implementation: Overload.Implementation,
        _ examples: (String, String, String)...
    ) -> Function {
        Function(
            name, "Compares two values of a type that has an order.",
            overloads: [Overload(id, member: true, [Semver.type, Semver.type], result, implementation)],
            examples: examples.map { .init("semver('\($0.0)').\(name)(semver('\($0.1)'))", equals: $0.2) })
    }
}

private func version(_ text: String, _ normalizes: Bool) throws(EvaluationError) -> Semver {
    normalizes ? try Semver(normalizing: text) : try Semver(parsing: text)
}
