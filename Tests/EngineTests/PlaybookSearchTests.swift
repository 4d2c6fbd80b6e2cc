import Playbooks
import Testing

@testable import Engine

@Suite struct PlaybookSearchTests {
    @Test(arguments: [
        ("CrashLoopBackOff: x509", ["crashloopbackoff", "crash", "loop", "back", "off", "x509"]),
        ("etcd's 2,379", ["etcd", "379"]), ("HPA", ["hpa"]), ("", []),
    ])
    func `compounds are found by the whole and by their parts`(text: String, words: [String]) {
        #expect(PlaybookSearch.words(of: text) == words)
    }

    @Test func `a search without a word or a playbook finds nothing`() {
        #expect(PlaybookSearch(PlaybookLibrary()).hits(for: "swap").isEmpty)
    }
}
