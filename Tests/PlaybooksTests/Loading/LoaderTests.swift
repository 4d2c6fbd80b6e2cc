import CEL
import Facts
import Testing

@testable import Playbooks

@Suite struct LoaderTests {
    static let whole = """
        # yaml-language-server: $schema=../schemas/playbook.schema.json
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata:
          name: swap-enabled
          title: The kubelet refuses to run while swap is on
          version: 1.0.0
          severity: error
          tags: [node, kubelet]
          references: [https://kubernetes.io/docs/concepts/cluster-administration/swap-memory-management/]
        spec:
          symptoms:
            - text: running with swap on is not supported
            - regex: '\\[(?P<level>ERROR|WARNING) Swap\\]'
          inputs:
            kubelet_config: {type: string, title: Path of the configuration, default: /var/lib/kubelet/config.yaml}
          facts:
            swap: node.swap
            kubelet: {collector: kubelet.config, with: {path: "{{ inputs.kubelet_config }}"}, timeout: 1m30s}
          define:
            fails: "!unset_or_false"
            unset_or_false: "has(facts.kubelet.failSwapOn) && !facts.kubelet.failSwapOn"
          causes:
            - id: swap-active
              title: Swap is active and the kubelet is set to fail on it
              when: size(facts.swap.devices) > 0 && fails
              because: "{{ size(facts.swap.devices) }} device(s) ({{ facts.swap.devices.map(d, d.name).join(', ') }})"
              explains: [swap-seen, other/cause]
              remedies: [turn-swap-off]
            - id: swap-seen
              title: The kubelet says so
              severity: warning
              when: facts.symptom.level == 'ERROR'
          remedies:
            turn-swap-off:
              title: Turn swap off
              risk: disruptive
              when: platform != 'kind'
              steps:
                - run: [swapoff, -a]
                  privileged: true
                - say: Comment out the swap lines of /etc/fstab
                  when: size(facts.swap.devices) > 1
              verify: size(facts.swap.devices) == 0
              rollback: [{run: [swapon, -a], privileged: true}]

        """

    @Test func `a playbook with everything in it loads as written`() throws {
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(Self.whole.utf8), file: "swap.yaml")
        #expect(problems == [])
        let playbook = try #require(playbooks.first)
        #expect(playbook.name == "swap-enabled")
        #expect(playbook.version == "1.0.0")
        #expect(playbook.tags == ["node", "kubelet"])
        #expect(playbook.symptoms.count == 2)
        #expect(playbook.inputs.map(\.name) == ["kubelet_config"])
        #expect(playbook.facts.map(\.collector) == ["node.swap", "kubelet.config"])
        #expect(playbook.facts[1].timeoutSeconds == 90)
        #expect(playbook.definitions.map(\.name) == ["unset_or_false", "fails"])
        #expect(playbook.causes[0].explains == ["swap-enabled/swap-seen", "other/cause"])
        #expect(playbook.causes[1].severity == .warning)
        let remedy = try #require(playbook.remedies.first)
        #expect(remedy.risk == .disruptive && remedy.steps.count == 2 && remedy.rollback.count == 1)
        #expect(remedy.steps[0].isPrivileged && remedy.rollback[0].isPrivileged)
        #expect(playbook.causes[0].when.location == Location(file: "swap.yaml", line: 26, column: 13, length: 37))
    }

    @Test func `the playbooks of a file with several documents are all loaded`() {
        let text = playbook(someCause) + "---\n" + playbook(someCause).replacing("name: test", with: "name: other")
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(text.utf8), file: "two.yaml")
        #expect(problems == [])
        #expect(playbooks.map(\.name) == ["test", "other"])
    }

    @Test func `a document with an error does not take the next one with it`() {
        let text = playbook("causes: []") + "---\n" + playbook(someCause)
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(text.utf8), file: "two.yaml")
        #expect(problems.map(\.code) == [.invalidValue])
        #expect(playbooks.map(\.name) == ["test"])
    }

    @Test func `all problems of a file are told at once, in the order of the text`() {
        expectProblems(
            playbook(
                """
                1️⃣symptom:
                  - text: a text that is long enough
                facts:
                  swap: 2️⃣node.swp
                causes:
                  - 3️⃣id: a
                    title: 4️⃣7
                """),
            [
                "1️⃣": (.unknownKey, "spec has no key 'symptom'; did you mean 'symptoms'?"),
                "2️⃣": (.unknownCollector, "there is no collector 'node.swp'; did you mean 'node.swap'?"),
                "3️⃣": (.missingKey, "a cause needs 'when': The CEL condition that confirms the cause"),
                "4️⃣": (.wrongType, "'title' must be text, but '7' is read as a number; write \"7\""),
            ])
    }

    @Test func `the text of a new playbook loads without problems`() {
        let text = newPlaybookText(name: "my-playbook", title: "A \"title\" with: signs # and \\")
        let (playbooks, problems) = Loader(catalogue: .madeUp).load(Array(text.utf8), file: "my-playbook.yaml")
        #expect(problems == [])
        #expect(playbooks.map(\.title) == ["A \"title\" with: signs # and \\"])
    }
}
