import CEL
import Facts
import Foundation
import Playbooks
import Testing

@testable import Libraries

/// A library as a publisher would write it, small.
enum MadeUpLibrary {
    static func manifest(
        name: String = "acme", version: String = "1.0.0", requires: String = "",
        permissions: String = "{remedies: printed}"
    ) -> String {
        """
        apiVersion: playbooks.triage/v1
        kind: Library
        metadata: {name: \(name), version: "\(version)", description: What Acme knows}
        spec:
          requires: {\(requires)}
          permissions: \(permissions)
        """
    }

    static func playbook(_ name: String, cause: String = "on-kubeadm", command: String = "crictl") -> String {
        """
        apiVersion: playbooks.triage/v1
        kind: Playbook
        metadata: {name: \(name), title: Something, version: 1.0.0, severity: error}
        spec:
          symptoms: [{text: something of acme is wrong}]
          causes: [{id: \(cause), title: It is, when: "platform == 'kubeadm'", remedies: [mend]}]
          remedies: {mend: {title: Mend it, risk: safe, steps: [{run: [\(command)]}]}}
        """
    }

    static func tree(_ files: [String: String], listsDigests: Bool = true) throws -> PackageTree {
        var tree = PackageTree()
        for (path, text) in files.sorted(by: { $0.key < $1.key }) { try tree.add(path, Array(text.utf8)) }
        if listsDigests { try tree.add("digests.txt", Digests.list(tree)) }
        return tree
    }

    static func files(version: String = "1.0.0", name: String = "acme", playbooks: [String] = ["some-trouble"])
        -> [String: String]
    {
        var files = ["library.yaml": manifest(name: name, version: version), "README.md": "Acme\n"]
        for playbook in playbooks { files["playbooks/\(playbook).yaml"] = Self.playbook(playbook) }
        return files
    }

    static let loader = Loader(catalogue: Catalogue([]))
    static let now = Timestamp(rfc3339: "2026-11-24T00:00:00Z") ?? Timestamp(seconds: 0)

    static func write(_ files: [String: String], to folder: String) throws {
        for (path, text) in files { try Disk.replace("\(folder)/\(path)", Array(text.utf8)) }
    }
}

/// A directory that is removed again.
func withDirectory<Result>(_ body: (String) async throws -> Result) async throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appending(path: "triage-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try await body(folder.path(percentEncoded: false))
}

func home(
    _ folder: String, policy: String? = nil, isOffline: Bool = false, now: Int64 = MadeUpLibrary.now.seconds
) throws -> LibraryHome {
    if let policy { try Disk.replace("\(folder)/config/triage/trust.yaml", Array(policy.utf8)) }
    var environment = ProcessInfo.processInfo.environment
    environment["XDG_CONFIG_HOME"] = "\(folder)/config"
    environment["XDG_CACHE_HOME"] = "\(folder)/cache"
    environment["HOME"] = folder
    environment["TRIAGE_LOCK"] = nil
    environment["XDG_STATE_HOME"] = nil
    return try LibraryHome(
        environment: environment, now: Timestamp(seconds: now), triageVersion: "0.1.0", isOffline: isOffline)
}

/// Whether a program of the machine is there; says so where it is not.
func isInstalled(_ program: String) -> Bool {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
}

func run(_ program: String, _ arguments: [String], input: String = "") async throws -> Programs.Output {
    try await Programs.run(
        program, arguments, input: Array(input.utf8), environment: ProcessInfo.processInfo.environment)
}

func expectRefusal<Result>(
    _ codes: Set<LibraryError.Code>, _ what: String = "", sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Result
) async {
    do {
        _ = try await body()
        Issue.record("\(what) was taken", sourceLocation: sourceLocation)
    } catch let error as LibraryError {
        #expect(codes.contains(error.code), "\(what): \(error)", sourceLocation: sourceLocation)
    } catch {
        Issue.record("\(what): \(error)", sourceLocation: sourceLocation)
    }
}
