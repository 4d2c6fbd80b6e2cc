import Foundation
import Testing

@testable import Libraries

/// The built command, stopped in the middle of an update: afterwards the old state is there or the new one, whole.
@Suite struct InterruptionTests {
    /// Beside the test bundle: both are products of one build.
    static let binary = Bundle.main.bundleURL.appending(path: "triage").path(percentEncoded: false)
    static let isBuilt = FileManager.default.isExecutableFile(atPath: binary)

    private func environment(_ folder: String) -> [String: String] {
        [
            "PATH": "/usr/bin:/bin", "HOME": folder, "XDG_CONFIG_HOME": "\(folder)/config",
            "XDG_CACHE_HOME": "\(folder)/cache",
        ]
    }

    private func files(_ number: Int) -> [String: String] {
        var files = MadeUpLibrary.files(version: "1.0.\(number)")
        files["README.md"] = String(repeating: "\(number) lines to write\n", count: 3000)
        return files
    }

    /// Nobody signs it: each version is agreed to by itself.
    private func digest(_ source: String) async throws -> String {
        try LibraryPackage(checking: await LibraryReference(source).fetch(environment: [:]).tree).digest
    }

    /// Starts with version 1.0.0 in force, then updates to the next one by each of the commands.
    private func interrupt(_ commands: [(Int) -> (program: String, arguments: [String])]) async throws -> Set<String> {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(files(0), to: source)
            let hash = try LibraryPublishing.writeDigests(source).manifest.permissions.hash
            try FileManager.default.removeItem(atPath: "\(source)/digests.txt")
            let environment = environment(folder)
            let added = try await Programs.run(
                Self.binary, ["library", "add", source, "--accept-permissions", hash], environment: environment)
            try #require(added.exitCode == 0, "\(added.error)")
            var outcomes: Set<String> = []
            var version = "acme 1.0.0"
            for (index, command) in commands.enumerated() {
                try MadeUpLibrary.write(files(index + 1), to: source)
                let (program, arguments) = command(index)
                let digest = try await digest(source)
                _ = try await Programs.run(
                    program,
                    arguments + [
                        Self.binary, "library", "update", "--accept-permissions", hash, "--signer", digest,
                    ], environment: environment)
                let (libraries, errors) = try home(folder).inForce()
                #expect(errors.isEmpty, "\(index): \(errors)")
                let found = libraries.map(\.package.title)
                #expect(found == [version] || found == ["acme 1.0.\(index + 1)"], "\(index)")
                outcomes.insert(found == [version] ? "old" : "new")
                version = found.first ?? version
            }
            return outcomes
        }
    }

    /// `TRIAGE_KILLS=500` is what a release is tried with; every run has its own moments, the same each time.
    static let kills = ProcessInfo.processInfo.environment["TRIAGE_KILLS"].flatMap(Int.init) ?? 40
    static let isThorough = kills >= 500

    @Test(.enabled(if: isBuilt && isInstalled("timeout"), "the command triage or timeout(1) is not there"))
    func `killed at random moments of an update, the old state is there or the new one`() async throws {
        var random = Seeded(state: 20_261_124)
        // The longest that an update takes here: a moment beyond it would kill nothing.
        let clock = ContinuousClock()
        let start = clock.now
        _ = try await interrupt([{ _ in ("env", []) }])
        let (seconds, attoseconds) = (clock.now - start).components
        let longest = min(5, (Double(seconds) + Double(attoseconds) / 1e18) / 2)
        let moments = (0..<Self.kills).map { _ in Double.random(in: 0.001...longest, using: &random) }
        let outcomes = try await interrupt(
            moments.map { moment in { _ in ("timeout", ["-s", "KILL", String(format: "%.4f", moment)]) } })
        #expect(outcomes == ["old", "new"], "no run was stopped before it was done, or none was done")
    }

    /// A disk of its own for configuration and cache, with so little room that an update fails at another write each time.
    @Test(
        .enabled(
            if: isBuilt && isInstalled("unshare") && getuid() == 0,
            "the command triage or unshare is not there, or this is not root"))
    func `on a full disk the old state is there or the new one`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(files(0), to: source)
            let hash = try LibraryPublishing.writeDigests(source).manifest.permissions.hash
            try FileManager.default.removeItem(atPath: "\(source)/digests.txt")
            let state = environment("\(folder)/state")
            let added = try await Programs.run(
                Self.binary, ["library", "add", source, "--accept-permissions", hash], environment: state)
            try #require(added.exitCode == 0, "\(added.error)")
            try MadeUpLibrary.write(files(1), to: source)
            let digest = try await digest(source)
            try Disk.makeDirectory("\(folder)/disk")
            var outcomes: [String: Int] = [:]
            let script = """
                used=$(du -sk "$1/state" | cut -f1)
                mount -t tmpfs -o size=$((used + $2))k,mode=755 none "$1/disk" && cp -a "$1/state/." "$1/disk/" || exit 99
                shift 2; "$@"; code=$?
                rm -rf "$FOLDER/after"; cp -a "$FOLDER/disk" "$FOLDER/after" || exit 99
                exit $code
                """
            let runs = Self.isThorough ? 50 : 15
            for step in 0..<runs {
                let room = 8 + step * 200 / runs
                var environment = environment("\(folder)/disk")
                environment["FOLDER"] = folder
                let result = try await Programs.run(
                    "unshare",
                    [
                        "-m", "sh", "-c", script, "sh", folder, "\(room)", Self.binary, "library", "update",
                        "--accept-permissions", hash, "--signer", digest,
                    ], environment: environment)
                try #require(result.exitCode != 99, "the disk could not be made: \(result.error)")
                let (libraries, errors) = try home("\(folder)/after").inForce()
                #expect(errors.isEmpty, "\(room): \(errors)")
                let titles = libraries.map(\.package.title)
                #expect(titles == ["acme 1.0.\(result.exitCode == 0 ? 1 : 0)"], "\(room): \(result.error)")
                outcomes[titles.first ?? "none", default: 0] += 1
            }
            #expect(Set(outcomes.keys) == ["acme 1.0.0", "acme 1.0.1"], "\(outcomes)")
        }
    }

    @Test(.enabled(if: isBuilt, "the command triage is not there"))
    func `where no file may grow beyond a size, the old state is there or the new one`() async throws {
        let outcomes = try await interrupt(
            stride(from: 0, to: 50, by: Self.isThorough ? 1 : 3).map { size in
                { _ in ("sh", ["-c", "trap '' XFSZ; ulimit -f \(size * 4); exec \"$@\"", "sh"]) }
            })
        #expect(outcomes == ["old", "new"])
    }

    @Test(
        .enabled(
            if: isBuilt && isInstalled("unshare") && getuid() == 0,
            "the command triage or unshare is not there, or this is not root"))
    func `without any network everything works from the cache`() async throws {
        try await withDirectory { folder in
            let source = "\(folder)/acme"
            try MadeUpLibrary.write(files(0), to: source)
            let hash = try LibraryPublishing.writeDigests(source).manifest.permissions.hash
            let added = try await Programs.run(
                Self.binary, ["library", "add", source, "--accept-permissions", hash], environment: environment(folder))
            try #require(added.exitCode == 0, "\(added.error)")
            try FileManager.default.removeItem(atPath: source)
            for arguments in [
                ["library", "verify"], ["library", "list"], ["library", "update", "--locked", "--offline"],
                ["show", "acme/some-trouble"], ["show", "some-trouble", "--source"],
            ] {
                let result = try await Programs.run(
                    "unshare", ["-n", Self.binary] + arguments, environment: environment(folder))
                #expect(result.exitCode == 0, "\(arguments): \(result.error)")
                #expect(!result.output.isEmpty, "\(arguments)")
            }
            // The person's own playbook of that name overrides it; it can be looked at, not run, by its full name.
            try MadeUpLibrary.write(
                ["some-trouble.yaml": MadeUpLibrary.playbook("some-trouble", cause: "mine")], to: "\(folder)/mine")
            for (arguments, code, words) in [
                (["show", "some-trouble"], 0, "  mine"), (["show", "acme/some-trouble"], 0, "  on-kubeadm"),
                (["run", "acme/some-trouble"], 3, "overridden"),
            ] {
                let result = try await Programs.run(
                    Self.binary, arguments + ["--playbooks", "\(folder)/mine"], environment: environment(folder))
                #expect(result.exitCode == Int32(code), "\(arguments): \(result.error)")
                let text = String(decoding: result.output, as: UTF8.self) + result.error
                #expect(text.contains(words), "\(arguments): \(text)")
            }
            // What is not in the cache is refused, and nothing is forgotten.
            let refused = try await Programs.run(
                "unshare", ["-n", Self.binary, "library", "add", "--offline", "oci://127.0.0.1:1/a/b:1"],
                environment: environment(folder))
            #expect(refused.exitCode == 3 && refused.error.contains("--offline"))
            #expect(try home(folder).inForce().libraries.count == 1)
        }
    }
}

/// The same numbers each time (splitmix64).
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
