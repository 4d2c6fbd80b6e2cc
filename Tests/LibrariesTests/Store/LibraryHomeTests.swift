import Foundation
import Testing

@testable import Libraries

@Suite struct LibraryHomeTests {
    /// Publishes a folder and takes it, as the command does after a yes.
    private func add(_ folder: String, _ home: LibraryHome) async throws {
        let candidate = try await home.candidate(LibraryReference(folder), loader: MadeUpLibrary.loader)
        if case .needsConsent(let line) = candidate.admission.verdict { try home.addConsent(line) }
        try home.commit([candidate])
    }

    @Test func `a library is pinned, verified at each use, and offline`() async throws {
        try await withDirectory { folder in
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(folder)/acme")
            try await add("\(folder)/acme", home(folder))
            let offline = try home(folder, isOffline: true)
            #expect(offline.inForce().libraries.map(\.package.title) == ["acme 1.0.0"])
            // The cache is somebody else's to write: what is in it is hashed again.
            let lock = try offline.store.lock()
            let digest = try #require(lock.entries["acme"]?.digest)
            let object = "\(folder)/cache/triage/libraries/objects/\(digest.dropFirst(7)).tar"
            var bytes = try Disk.contents(of: object, limit: 1 << 20)
            let place = try #require(bytes.firstRange(of: Array("Acme\n".utf8))?.lowerBound)
            bytes[place] ^= 1
            try Disk.replace(object, bytes)
            #expect(offline.inForce().errors.map(\.code) == [.digestMismatch])
            #expect(offline.inForce().libraries.isEmpty)
        }
    }

    @Test func `nothing is in force without consent`() async throws {
        try await withDirectory { folder in
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(folder)/acme")
            let home = try home(folder)
            try home.commit([try await home.candidate(LibraryReference("\(folder)/acme"), loader: MadeUpLibrary.loader)]
            )
            #expect(home.inForce().errors.map(\.code) == [.consentNeeded])
        }
    }

    @Test func `a version never changes, never goes back unasked, and goes back when asked`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            let home = try home(folder)
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.0.0"), to: source)
            try await add(source, home)
            try MadeUpLibrary.write(["README.md": "Other\n"], to: source)
            await expectRefusal([.versionChanged], "other content") { try await add(source, home) }
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.1.0", playbooks: ["other-trouble"]), to: source)
            try await add(source, home)
            try MadeUpLibrary.write(MadeUpLibrary.files(version: "1.0.1"), to: source)
            await expectRefusal([.downgrade], "an older one") { try await add(source, home) }
            #expect(home.inForce().libraries.map(\.package.title) == ["acme 1.1.0"])
            #expect(try home.rollBack(1).entries["acme"]?.version.description == "1.0.0")
            #expect(home.inForce().libraries.map(\.package.title) == ["acme 1.0.0"])
            await expectRefusal([.noGeneration]) { try home.rollBack(5) }
        }
    }

    @Test func `what is pinned is refused where the source has something else`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            let home = try home(folder)
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: source)
            try await add(source, home)
            let entry = try #require(try home.store.lock().entries["acme"])
            try FileManager.default.removeItem(atPath: "\(folder)/cache")
            #expect(home.inForce().errors.map(\.code) == [.notInstalled])
            _ = try await home.candidate(LibraryReference(source), pinned: entry, loader: MadeUpLibrary.loader)
            try MadeUpLibrary.write(["README.md": "Other\n"], to: source)
            await expectRefusal([.locked]) {
                try await home.candidate(LibraryReference(source), pinned: entry, loader: MadeUpLibrary.loader)
            }
        }
    }

    @Test func `what a library needs must be there, and is not taken unasked`() async throws {
        try await withDirectory { folder in
            let home = try home(folder)
            var needy = MadeUpLibrary.files(name: "needy")
            needy["library.yaml"] = MadeUpLibrary.manifest(
                name: "needy", requires: "libraries: [{name: acme, version: ^1.0}]")
            try MadeUpLibrary.write(needy, to: "\(folder)/needy")
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(folder)/acme")
            await expectRefusal([.missingDependency]) { try await add("\(folder)/needy", home) }
            try await add("\(folder)/acme", home)
            try await add("\(folder)/needy", home)
            await expectRefusal([.missingDependency]) { try home.remove("acme") }
            #expect(try home.store.lock().order == ["acme", "needy"])
        }
    }

    @Test func `links and devices of a folder are refused`() async throws {
        try await withDirectory { folder in
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(folder)/acme")
            try FileManager.default.createSymbolicLink(
                atPath: "\(folder)/acme/playbooks/passwd.yaml", withDestinationPath: "/etc/passwd")
            await expectRefusal([.unsafeEntry]) { try Disk.tree("\(folder)/acme") }
        }
    }

    @Test func `the lock says the same again, and refuses what is not one`() async throws {
        try await withDirectory { folder in
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(folder)/acme")
            let home = try home(folder)
            try await add("\(folder)/acme", home)
            let lock = try home.store.lock()
            #expect(try LibraryLock(reading: Array(lock.text.utf8), file: "triage.lock") == lock)
            for text in [
                "", "[", "a: b", lock.text.replacing("order: [\"acme\"]", with: "order: []"),
                lock.text.replacing("sha256:", with: "md5:"),
            ] {
                await expectRefusal([.malformedLock]) {
                    try LibraryLock(reading: Array(text.utf8), file: "triage.lock")
                }
            }
        }
    }

    @Test(.enabled(if: isInstalled("git"), "git is not installed"))
    func `a commit, a tag and a branch of git are fetched without a work tree, and pinned by commit`() async throws {
        try await withDirectory { folder in
            let repository = "\(folder)/repository"
            try MadeUpLibrary.write(MadeUpLibrary.files(), to: "\(repository)/libraries/acme")
            _ = try LibraryPublishing.writeDigests("\(repository)/libraries/acme")
            let commit = """
                cd '\(repository)' && git init -q -b main . && git add -A && \
                git -c user.name=a -c user.email=a@b commit -q -m one && git tag v1
                """
            #expect(try await run("sh", ["-c", commit]).exitCode == 0)
            let home = try home(folder)
            for ref in ["main", "v1"] {
                let reference = try LibraryReference("git+file://\(repository)?ref=\(ref)&path=libraries/acme")
                let candidate = try await home.candidate(reference, loader: MadeUpLibrary.loader)
                #expect(candidate.transport.wholeMatch(of: /git:[0-9a-f]{40}/) != nil)
                #expect(candidate.package.title == "acme 1.0.0")
            }
            let link =
                "cd '\(repository)' && ln -s /etc/passwd libraries/acme/link && git add -A && git -c user.name=a -c user.email=a@b commit -q -m two"
            #expect(try await run("sh", ["-c", link]).exitCode == 0)
            await expectRefusal([.unsafeEntry]) {
                try await home.candidate(
                    LibraryReference("git+file://\(repository)?path=libraries/acme"), loader: MadeUpLibrary.loader)
            }
        }
    }

    @Test(arguments: [
        "git+ext::sh -c id", "ext::id", "ftp://x/y", "http://example.org/x.tar.gz", "git+http://example.org/x",
        "https://a/b?ref=-x",
        "https://a/b?upload=x", "https://user:secret@a/b", "git+https://user:secret@a/b", "",
    ])
    func `what is no source is refused`(text: String) async {
        await expectRefusal([.badReference]) { try LibraryReference(text) }
    }
}
