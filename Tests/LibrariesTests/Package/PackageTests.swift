import Facts
import Playbooks
import Testing

@testable import Libraries

@Suite struct PackageTests {
    @Test func `a package is what its list says`() throws {
        let package = try LibraryPackage(checking: MadeUpLibrary.tree(MadeUpLibrary.files()))
        #expect(package.title == "acme 1.0.0")
        #expect(package.playbooks.map(\.file) == ["acme@1.0.0/playbooks/some-trouble.yaml"])
        #expect(try package.checkedPlaybooks(MadeUpLibrary.loader).map(\.name) == ["some-trouble"])
    }

    @Test func `a changed, an added and a missing file are found by name`() async throws {
        let sound = try MadeUpLibrary.tree(MadeUpLibrary.files())
        var files = MadeUpLibrary.files()
        files["digests.txt"] = String(decoding: sound["digests.txt"] ?? [], as: UTF8.self)
        var changed = files
        changed["README.md"] = "Other\n"
        var added = files
        added["playbooks/evil.yaml"] = "x"
        var missing = files
        missing["README.md"] = nil
        var returned = files
        returned["digests.txt"] = files["digests.txt"]?.replacing("\n", with: "\r\n")
        var doubled = files
        doubled["digests.txt"] = (files["digests.txt"] ?? "") + (files["digests.txt"] ?? "")
        for (what, files) in [
            ("changed", changed), ("added", added), ("missing", missing), ("returned", returned), ("doubled", doubled),
        ] {
            await expectRefusal([.digestMismatch], what) {
                try LibraryPackage(checking: MadeUpLibrary.tree(files, listsDigests: false))
            }
        }
    }

    @Test func `playbooks that ask for more than is declared are refused`() async throws {
        var files = MadeUpLibrary.files()
        files["library.yaml"] = MadeUpLibrary.manifest(permissions: "{}")
        let package = try LibraryPackage(checking: MadeUpLibrary.tree(files))
        await expectRefusal([.permissionsTooNarrow]) { try package.checkedPlaybooks(MadeUpLibrary.loader) }
    }

    @Test(arguments: [
        (["crictl", "ps"], ["crictl", "ps", "-a"], true), (["crictl", "*"], ["crictl", "ps"], true),
        (["crictl", "ps"], ["crictl"], false), (["*"], ["rm"], false), (["rm"], ["crictl"], false), ([], ["rm"], false),
    ])
    func `a declared command covers what begins with it`(declared: [String], used: [String], isCovered: Bool) {
        #expect(Surroundings.Permissions.covers(command: declared, used) == isCovered)
    }

    @Test(arguments: [
        ("/etc/kubernetes/**", "/etc/kubernetes/pki/ca.crt", true), ("/etc/*", "/etc/hosts", true),
        ("/etc/*", "/etc/a/b", false), ("/etc/**", "/etc/../root/x", false), ("/etc", "/etc/x", false),
    ])
    func `a declared path covers what lies below it`(declared: String, used: String, isCovered: Bool) {
        #expect(Surroundings.Permissions.covers(path: declared, used) == isCovered)
    }

    @Test(arguments: [
        ("^1.4", "1.9.0", true), ("^1.4", "2.0.0", false), ("^0.2.1", "0.2.9", true), ("^0.2.1", "0.3.0", false),
        ("~1.2", "1.2.9", true), ("~1.2", "1.3.0", false), (">=1.2 <2", "1.2.0", true), (">=1.2 <2", "2.0.0", false),
        ("1.2.3", "1.2.3", true), ("1.2.3", "1.2.4", false), ("1", "1.9.9", true), ("*", "0.0.1", true),
    ])
    func `ranges hold the versions that they say`(range: String, version: String, isInside: Bool) throws {
        let version = try #require(SemanticVersion(version))
        #expect(try #require(VersionRange(range)).contains(version) == isInside)
    }

    @Test func `versions are ordered as semver says`() {
        let order = [
            "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0", "1.0.10",
        ]
        let versions = order.compactMap(SemanticVersion.init)
        #expect(versions.count == order.count && versions.shuffled().sorted() == versions)
        #expect(["1.0", "01.0.0", "1.0.0-", "1.0.0+x", "a.b.c", "1..0"].compactMap(SemanticVersion.init).isEmpty)
    }
}
