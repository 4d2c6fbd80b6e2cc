internal import Foundation

/// One of any number of playbooks that differ in every word that counts.
struct MadeUpPlaybook {
    private static let parts = [
        "gateway", "scheduler", "indexer", "mailer", "ledger", "importer", "renderer", "broker",
    ]
    private static let troubles = [
        "lost its lease", "ran out of slots", "refused the handshake", "returned a torn page", "dropped its queue",
        "missed its deadline", "could not open its ledger",
    ]

    var number: Int

    private var part: String { Self.parts[number % Self.parts.count] }
    private var trouble: String { Self.troubles[number % Self.troubles.count] }
    var name: String { "\(part)-\(number)" }
    var symptom: String { "\(part) \(number) \(trouble) at step \(number * 31 % 9973)" }

    var text: String {
        """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata:
          name: \(name)
          title: The \(part) number \(number) \(trouble)
          version: 1.\(number % 10).0
          severity: \(number.isMultiple(of: 3) ? "warning" : "error")
          tags: [\(part), made-up]
        spec:
          symptoms:
            - text: \(symptom)
            - regex: '\(part)-\(number): code (?P<code>[0-9]+)'
          facts:
            swap: node.swap
          define:
            devices: size(facts.swap.devices)
          causes:
            - id: no-room
              title: The \(part) has no room
              when: devices == 0 && platform != 'kind'
              because: "{{ devices }} devices for the \(part)"
              remedies: [restart]
            - id: wrong-place
              title: The \(part) runs in the wrong place
              when: devices > \(number % 5 + 1)
        \(number.isMultiple(of: 10) && number > 0 ? "      explains: [\(MadeUpPlaybook(number: number - 1).name)/no-room]" : "")
          remedies:
            restart:
              title: Restart the \(part)
              risk: disruptive
              steps:
                - run: [systemctl, restart, \(name)]
              verify: devices > 0

        """
    }

    static func write(_ count: Int, to folder: URL) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for number in 0..<count {
            let playbook = MadeUpPlaybook(number: number)
            try Data(playbook.text.utf8).write(to: folder.appending(path: "\(playbook.name).yaml"))
        }
    }
}
