extension Shape {
    /// A whole document of `kind: Overlay`.
    package static let overlay = Shape(
        "an overlay", "What a team changes in a playbook of somebody else's, by its ids, without copying it.",
        keys: [
            Key("apiVersion", .constant(apiVersion), "The version of the format.", isRequired: true),
            Key("kind", .constant("Overlay"), "What the document is.", isRequired: true),
            Key("metadata", .object(overlayMetadata), "What the overlay is called.", isRequired: true),
            Key("spec", .object(overlaySpecification), "What it changes.", isRequired: true),
        ])

    private static let overlayMetadata = Shape(
        "metadata", "What the overlay is called.",
        keys: [
            Key("name", .name(.kebab), "For people; kebab-case.", isRequired: true),
            Key("description", .text, "Why the playbook is changed."),
        ])

    private static let overlaySpecification = Shape(
        "spec", "What the overlay changes. It adds no facts and no definitions, so it reaches nothing new.",
        keys: [
            Key("target", .causeReference, "The playbook, as name or library/name.", isRequired: true),
            Key("severity", .choice(severities), "How bad it is, instead of what the playbook says."),
            Key("tags", .list(.text), "Added to the playbook's."),
            Key("references", .list(.url), "Added to the playbook's."),
            Key("symptoms", .list(.object(symptom)), "Added to the playbook's."),
            Key("inputs", .named(.identifier, .object(overlayInput)), "Other defaults for the playbook's inputs."),
            Key("disable", .list(.name(.kebab)), "Ids of causes that are left out."),
            Key("change", .named(.kebab, .object(causeChange)), "What is different about a cause, by its id."),
            Key("causes", .list(.object(addedCause)), "Added; behind the playbook's where nothing is said."),
            Key("remedies", .named(.kebab, .object(remedy)), "Instead of the playbook's of the same id, or added."),
        ])

    private static let overlayInput = Shape(
        "an input", "Another default.",
        keys: [Key("default", .scalar, "The value where nobody says another.", isRequired: true)])

    private static let causeChange = Shape(
        "a change of a cause", "Other than in the playbook.",
        keys: [
            Key("title", .text, "The cause in one line."),
            Key("severity", .choice(severities), "How bad it is."),
            Key("remedies", .list(.name(.kebab)), "Ids of remedies, in the order of preference."),
        ])

    private static let addedCause = Shape(
        cause.name, cause.summary,
        keys: cause.keys + [
            Key("before", .name(.kebab), "The id of the cause that it stands before."),
            Key("after", .name(.kebab), "The id of the cause that it stands behind."),
        ])
}
