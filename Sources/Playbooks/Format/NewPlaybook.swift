/// The text that `triage new` writes: a playbook that loads without problems, to be filled with knowledge.
///
/// - Parameter schema: where an editor finds the schema, relative to the file.
package func newPlaybookText(
    name: String, title: String = "What is wrong, in one line", schema: String = "../schemas/playbook.schema.json"
) -> String {
    """
    # yaml-language-server: $schema=\(schema)
    apiVersion: playbooks.triage/v1
    kind: Playbook
    metadata:
      name: \(name)
      title: \(title.asYAML)
      version: 0.1.0
      severity: error                      # info | warning | error | critical
      tags: []
      references: []                       # pages that the claims below rest on
    spec:
      symptoms:                            # any of them selects the playbook
        - text: the words of the error that people paste
        # - regex: 'code (?P<code>[0-9]+)' # a pattern; its groups are facts.symptom.<group>
      facts: {}                            # name: collector; 'triage facts list' shows the collectors
      causes:                              # the most specific first
        - id: first-cause
          title: What the cause is, in one line
          when: platform == 'kubeadm'      # CEL over facts.…, inputs.…, platform and now
          because: "the platform is {{ platform }}"
          remedies: [first-remedy]
      remedies:
        first-remedy:
          title: What mends it, in one line
          risk: safe                       # safe | disruptive | destructive
          steps:
            - run: [kubectl, version]      # a list of arguments; there is no shell
            - say: What a person must do
          verify: platform != 'kubeadm'    # must hold afterwards

    """
}

extension String {
    /// As a double-quoted scalar.
    fileprivate var asYAML: String {
        var text = "\""
        for character in unicodeScalars {
            switch character {
            case "\"", "\\": text += "\\" + String(character)
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            case _ where character.value < 0x20 || character.value == 0x7F: text += " "
            default: text.unicodeScalars.append(character)
            }
        }
        return text + "\""
    }
}
