internal import FoundationEssentials
internal import Glibc

/// Where triage finds what belongs to it, from any working directory.
struct Places: Sendable {
    /// Playbook folders from the first to the last; a later one overrides by name.
    var playbooks: [String]
    /// The first of them: what ships with the binary; `nil` where it could not be found.
    var builtIn: String?
    /// Where suppressions are found that no option names; `nil` where there is no home.
    var suppressions: String?

    /// Built-in ones beside the binary (an installed `share/triage`, or the project's own folder while developing), then
    /// the user's folder, then `TRIAGE_PLAYBOOKS`, then the command line's.
    init(environment: [String: String], given: [String]) {
        builtIn = Places.builtInFolder()
        var folders = builtIn.map { [$0] } ?? []
        let configuration =
            environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            ?? environment["HOME"].map { $0 + "/.config" }
        if let folder = configuration.map({ $0 + "/triage/playbooks" }), isDirectory(folder) { folders.append(folder) }
        suppressions = configuration.map { $0 + "/triage/suppressions.yaml" }.flatMap { isFile($0) ? $0 : nil }
        folders += (environment["TRIAGE_PLAYBOOKS"] ?? "").split(separator: ":").map(String.init)
        playbooks = folders + given
        // `acme@1.0.0/…` is how the files of libraries are called: no folder of that name passes for one.
        playbooks = playbooks.map { $0.hasPrefix("/") || $0.hasPrefix(".") || !$0.contains("@") ? $0 : "./" + $0 }
    }

    /// Follows the binary's own link, so that `kubectl-triage` finds the same folder.
    private static func builtInFolder() -> String? {
        guard let binary = executablePath() else { return nil }
        var folder = parent(binary)
        let installed = parent(folder) + "/share/triage/playbooks"
        if isDirectory(installed) { return installed }
        // .build/x86_64-unknown-linux-gnu/debug/triage of a checkout.
        for _ in 0..<5 {
            if isDirectory(folder + "/playbooks"), isFile(folder + "/Package.swift") { return folder + "/playbooks" }
            folder = parent(folder)
        }
        return nil
    }

    private static func executablePath() -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }
}

private func parent(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}

private func isDirectory(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
}

private func isFile(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) && !isDirectory(path) }
