extension Library {
    /// Kubernetes' named forms of strings.
    static let format = Library(
        "kubernetes.format",
        functions: [
            Function(
                "format.named", "The form of that name, if there is one.",
                overloads: [
                    Overload(
                        "format_named", [.string], .optional(NamedFormat.type),
                        .function { (name: String) in NamedFormat(rawValue: name) })
                ],
                examples: [
                    .init("format.named('dns1123Label').value() == format.dns1123Label()", equals: "true"),
                    .init("format.named('unknown').hasValue()", equals: "false"),
                ]),
            Function(
                "validate", "Why the string does not have the form; no value where it has.",
                overloads: [
                    Overload(
                        "format_validate", member: true, [NamedFormat.type, .string], .optional(.list(.string)),
                        cost: Cost.formatValidation,
                        .function { (format: NamedFormat, text: String) in
                            let problems = format.problems(of: text)
                            return problems.isEmpty ? nil : List(problems.map { .string($0) })
                        })
                ],
                examples: [
                    .init("format.dns1123Label().validate('my-label').hasValue()", equals: "false"),
                    .init("format.dns1123Label().validate('my.label').value()", equals: "['must not contain dots']"),
                    .init("format.byte().validate('aGVsbG8').value()", equals: "['invalid base64']"),
                ]),
        ]
            + NamedFormat.allCases.map { format in
                Function(
                    "format.\(format.rawValue)", "The form `\(format.rawValue)`.",
                    overloads: [
                        Overload("format_\(format.rawValue)", [], NamedFormat.type, .nullary { .opaque(format) })
                    ],
                    examples: [
                        .init(
                            "format.\(format.rawValue)() == format.named('\(format.rawValue)').value()", equals: "true")
                    ])
            })
}
