extension Shape {
    /// A whole document of `kind: Suppressions`.
    package static let suppressions = Shape(
        "suppressions", "Causes that somebody knows and accepts for a while.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant("Suppressions"), "What the document is.", isRequired: true),
            Key(
                "suppressions", .list(.object(suppression)), "What is known, and until when it is accepted.",
                isRequired: true),
        ])

    private static let suppression = Shape(
        "a suppression", "A cause that is known and accepted for a while.",
        keys: [
            Key("cause", .causeReference, "The cause, as playbook/cause.", isRequired: true),
            Key("scope", .object(scope), "Where it is accepted; everywhere where nothing is said."),
            Key("owner", .text, "Who answers for it.", isRequired: true),
            Key("reason", .text, "Why it is accepted.", isRequired: true),
            Key(
                "expires", .text,
                "The last day (2027-01-31, in UTC) or the time from which on the cause speaks up again.",
                isRequired: true),
        ])

    private static let scope = Shape(
        "a scope", "What a diagnosis must be about; '*' stands for any text.",
        keys: [
            Key("context", .text, "The kubeconfig context, such as 'dev-*'."),
            Key("server", .text, "The server's URL."),
            Key("platform", .text, "The platform, such as kind."),
        ])
}
