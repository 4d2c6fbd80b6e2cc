extension Shape {
    package static let apiVersion = "playbooks.triage/v1"

    /// A whole document of `kind: Playbook`.
    package static let playbook = Shape(
        "a playbook",
        "What triage knows about one kind of trouble: how to recognise it, and how to tell its causes apart.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant("Playbook"), "What the document is.", isRequired: true),
            Key("metadata", .object(metadata), "What the playbook is called and about.", isRequired: true),
            Key("spec", .object(specification), "What the playbook knows.", isRequired: true),
        ])

    private static let metadata = Shape(
        "metadata", "What the playbook is called and about.",
        keys: [
            Key("name", .name(.kebab), "Unique in its library; kebab-case.", isRequired: true),
            Key("title", .text, "The trouble in one line, as a person would say it.", isRequired: true),
            Key(
                "version", .version, "A semantic version: what a change of the playbook means to those who use it.",
                isRequired: true),
            Key("severity", .choice(severities), "How bad it is; a cause may say otherwise.", isRequired: true),
            Key(
                "stability", .choice(stabilities),
                "Whether others may rely on its causes; stable ones need tests. A cause may say otherwise."),
            Key("tags", .list(.text), "Words to find it by."),
            Key("references", .list(.url), "Web pages that its claims rest on."),
        ])

    private static let specification = Shape(
        "spec", "What the playbook knows.",
        keys: [
            Key("symptoms", .list(.object(symptom)), "What the user sees; any of them selects the playbook."),
            Key(
                "asks", .list(.causeReference),
                "Causes of other playbooks, as playbook/cause, to look at as well where none of this one is confirmed."),
            Key(
                "use", .named(.kebab, .list(.text, isEmptyAllowed: false)),
                "What is taken over from playbooks beside this one: of each the names of definitions, remedies and causes."
            ),
            Key(
                "inputs", .named(.identifier, .object(input)),
                "What a person may have to say; asked only if needed and only on a terminal."),
            Key(
                "facts", .named(.identifier, fact), "The facts that conditions read, by the name that they have there."),
            Key(
                "define", .named(.identifier, .expression),
                "Derived facts: a name and the CEL expression that it stands for."),
            Key(
                "causes", .list(.object(cause), isEmptyAllowed: false), "Hypotheses, the most specific first.",
                isRequired: true),
            Key("remedies", .named(.kebab, .object(remedy)), "How the causes are mended, by the id that causes name."),
        ])

    static let symptom = Shape(
        "a symptom", "What the user sees.", exactlyOneOf: ["text", "regex"],
        keys: [
            Key("text", .text, "Literal text; case, white space, ANSI codes and line wraps do not matter."),
            Key("regex", .text, "An RE2 pattern; its named groups become facts.symptom.<group>."),
        ])

    private static let input = Shape(
        "an input", "What a person may have to say.",
        keys: [
            Key(
                "type", .choice(Input.Kind.allCases.map(\.rawValue)),
                "What kind of value it is; text where nothing is said."),
            Key("title", .text, "What is asked, for people.", isRequired: true),
            Key("default", .scalar, "The value where nobody says another."),
        ])

    /// `name: collector`, or the long form.
    private static let fact = Kind.either(
        .text,
        .object(
            Shape(
                "a fact", "A fact in its long form.",
                keys: [
                    Key("collector", .text, "What gets the fact; `triage facts list` lists them.", isRequired: true),
                    Key(
                        "with", .named(.any, .anything),
                        "The collector's parameters; texts may hold {{ }}. `triage facts show` explains them."),
                    Key("timeout", .duration, "How long to wait for it, such as 10s."),
                ])))

    static let cause = Shape(
        "a cause", "A hypothesis: confirmed, ruled out, or undetermined.",
        keys: [
            Key("id", .name(.kebab), "Unique in the playbook; kebab-case.", isRequired: true),
            Key("title", .text, "The cause in one line.", isRequired: true),
            Key("severity", .choice(severities), "How bad it is, where it differs from the playbook's."),
            Key(
                "stability", .choice(stabilities),
                "Whether others may rely on it, where it differs from the playbook's."
            ),
            Key("when", .expression, "The CEL condition that confirms the cause.", isRequired: true),
            Key("because", .template, "The reason in words, with the values that it rests on in {{ }}."),
            Key("explains", .list(.causeReference), "Causes that this one is the root of, as playbook/cause."),
            Key("remedies", .list(.name(.kebab)), "Ids of remedies, in the order of preference."),
        ])

    static let remedy = Shape(
        "a remedy", "Ordered steps that mend a cause.",
        keys: [
            Key("title", .text, "What it does, in one line.", isRequired: true),
            Key(
                "risk", .choice(Remedy.Risk.allCases.map(\.rawValue)),
                "safe changes nothing that runs; disruptive interrupts; destructive cannot be undone.", isRequired: true
            ),
            Key("when", .expression, "The CEL precondition; also how variants for platforms are chosen."),
            Key("steps", .list(.object(step), isEmptyAllowed: false), "What to do, in order.", isRequired: true),
            Key(
                "verify", .expression,
                "The CEL condition that must hold afterwards, over facts that are collected again."),
            Key("rollback", .list(.object(step)), "How to take it back, in order."),
        ])

    private static let step = Shape(
        "a step", "A command to run, or something that a person must do.", exactlyOneOf: ["run", "say"],
        keys: [
            Key(
                "run", .list(.argument, isEmptyAllowed: false),
                "The command as a list of arguments, never a shell line; {{ }} fills single arguments."),
            Key("say", .template, "What a person must do."),
            Key("privileged", .boolean, "Whether the command needs root."),
            Key("when", .expression, "The CEL condition under which the step applies."),
        ])

    static let stabilities = Playbook.Stability.allCases.map(\.rawValue)
    static let severities = Playbook.Severity.allCases.map(\.rawValue)
}
