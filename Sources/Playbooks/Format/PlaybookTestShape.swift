internal import Facts

extension Shape {
    /// A whole document of `kind: PlaybookTest`.
    package static let playbookTest = Shape(
        "a playbook test", "Given facts and text, the findings that a playbook must come to.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant("PlaybookTest"), "What the document is.", isRequired: true),
            Key("playbook", .name(.kebab), "The name of the playbook under test.", isRequired: true),
            Key(
                "cases", .list(.object(testCase), isEmptyAllowed: false), "What is given and what is expected.",
                isRequired: true),
        ])

    private static let testCase = Shape(
        "a case", "What is given and what is expected.",
        keys: [
            Key("name", .text, "What the case proves, as a sentence.", isRequired: true),
            Key("text", .text, "The text that was pasted."),
            Key("now", .timestamp, "When the facts were collected."),
            Key("platform", .text, "The platform that was recognised, such as kubeadm."),
            Key("inputs", .named(.identifier, .scalar), "The values of inputs."),
            Key("facts", .named(.identifier, .anything), "The facts by the names that they have in the playbook."),
            Key(
                "unknown", .named(.path, .choice(Unknown.Reason.allCases.map(\.rawValue))),
                "Facts, or parts of facts, that could not be had, and why."),
            Key("expect", .object(expectation), "What must come out.", isRequired: true),
        ])

    private static let expectation = Shape(
        "expect", "What must come out. Causes of the playbook under test by their id, others as playbook/cause.",
        keys: [
            Key("confirmed", .list(.causeReference), "Exactly the confirmed causes, in order: roots first."),
            Key("ruledOut", .list(.causeReference), "Causes that must be ruled out; there may be more."),
            Key("undetermined", .list(.causeReference), "Causes that must be undetermined; there may be more."),
            Key(
                "failed", .list(.causeReference),
                "Exactly the causes whose conditions fail; none where nothing is said."),
            Key("because", .named(.any, .text), "The reason that a confirmed cause must give, exactly."),
            Key("missing", .named(.any, .list(.text)), "The paths of the facts that an undetermined cause must lack."),
            Key("commands", .named(.kebab, .list(.list(.scalar))), "The commands of a remedy, filled in."),
        ])
}
