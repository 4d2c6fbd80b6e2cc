internal import CEL
internal import Facts

/// What a step of a remedy is known to change: files that its arguments name, and objects that kubectl would change.
///
/// Known from the arguments alone, and from what a server-side dry run answers; what a program does beside that is not.
package struct StepChanges: Sendable {
    /// A file, or an object of the cluster, and what became of it.
    package struct Change: Sendable, Hashable {
        package var name: String
        /// As `diff -u` writes it, without secrets.
        package var diff: String
    }

    /// What stands in a file.
    package enum Content: Sendable {
        case text(String)
        /// `not there`, `a directory`, `cannot be read`: told in these words.
        case other(String)

        var text: String {
            switch self {
            case .text(let text): text
            case .other(let words): "(\(words))\n"
            }
        }
    }

    let arguments: [String]
    /// Where kubectl and its like write to where nothing else is said.
    let kubeconfig: String?
    let read: @Sendable (String) async -> Content
    let run: @Sendable ([String]) async -> CommandOutput?
    let redact: @Sendable (String) -> String

    /// The files among the arguments, and the kubeconfig where the program is known to write it.
    package var files: [String] {
        var paths: [String] = []
        func add(_ path: Substring) {
            if path.hasPrefix("/"), !path.hasPrefix("/dev/"), !paths.contains(String(path)) {
                paths.append(String(path))
            }
        }
        for argument in arguments.dropFirst() {
            add(argument[...])
            if let equals = argument.firstIndex(of: "=") { add(argument[argument.index(after: equals)...]) }
        }
        if writesKubeconfig, !arguments.contains(where: { $0.hasPrefix("--kubeconfig") }), let kubeconfig {
            add(kubeconfig[...])
        }
        return paths
    }

    /// Whether the step changes objects of a cluster.
    package var changesObjects: Bool {
        guard program == "kubectl", let verb = words.first else { return false }
        return Self.dryRunVerbs.contains(verb)
    }

    /// Verbs with `--dry-run=server` and `-o name`.
    private static let dryRunVerbs: Set<String> = [
        "apply", "create", "delete", "patch", "replace", "label", "annotate", "scale", "set", "taint", "autoscale",
        "expose",
    ]

    private var program: Substring { arguments.first?.split(separator: "/").last ?? "" }
    /// What is neither a flag nor the value of one that may stand before the verb.
    private var words: [String] {
        let valued = ["--context", "--kubeconfig", "--namespace", "-n", "--cluster", "--user", "--server"]
        var words: [String] = []
        var isValue = false
        for argument in arguments.dropFirst() {
            if !isValue, !argument.hasPrefix("-") { words.append(argument) }
            isValue = valued.contains(argument)
        }
        return words
    }

    /// Sources: `kubectl config`, `aws eks update-kubeconfig`, `gcloud container clusters get-credentials`,
    /// `az aks get-credentials`, `kind export kubeconfig`, `minikube update-context`, each command's own help.
    private var writesKubeconfig: Bool {
        switch program {
        case "kubectl":
            words.first == "config" && !["view", "get-contexts", "current-context"].contains(words.dropFirst().first)
        case "aws": words.contains("update-kubeconfig")
        case "gcloud", "az": words.contains("get-credentials")
        case "kind": words.contains("kubeconfig")
        case "minikube": words.contains("update-context")
        default: false
        }
    }

    // MARK: Before and after

    /// What there is before the step, by name.
    func state() async -> [(name: String, text: String)] {
        var state: [(name: String, text: String)] = []
        for path in files { state.append((path, await read(path).text)) }
        for name in await objects() { state.append((name, await object(name))) }
        return state
    }

    /// What the step would change in the cluster, as the server says without doing it.
    func prediction(from state: [(name: String, text: String)]) async -> [Change] {
        guard changesObjects, words.first != "delete",
            let output = await run(arguments + ["--dry-run=server", "-o", "yaml"]), output.exitCode == 0,
            let before = state.last, state.count == files.count + 1
        else { return [] }
        return [change(before.name, from: before.text, to: Self.withoutBookkeeping(output))].compactMap(\.self)
    }

    /// What has changed since.
    func changes(since state: [(name: String, text: String)]) async -> [Change] {
        var changes: [Change] = []
        for (name, text) in state {
            let now = name.hasPrefix("/") ? await read(name).text : await object(name)
            if let change = change(name, from: text, to: now) { changes.append(change) }
        }
        return changes
    }

    private func change(_ name: String, from old: String, to new: String) -> Change? {
        let diff = UnifiedDiff(from: old, to: new, name: name, showing: redact).text
        return diff.isEmpty ? nil : Change(name: name, diff: diff)
    }

    /// `deployment.apps/web` and so on, as a dry run names them.
    private func objects() async -> [String] {
        guard changesObjects, let output = await run(arguments + ["--dry-run=server", "-o", "name"]),
            output.exitCode == 0
        else { return [] }
        return String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { $0.contains("/") && !$0.hasPrefix("/") && !$0.contains(" ") }
    }

    private func object(_ name: String) async -> String {
        let output = await run(["kubectl"] + connection + ["get", name, "-o", "yaml"])
        guard let output, output.exitCode == 0 else { return "(not there)\n" }
        return Self.withoutBookkeeping(output)
    }

    /// The flags that say which cluster and namespace, as the step has them.
    private var connection: [String] {
        let names = ["--context", "--kubeconfig", "--namespace", "-n", "--cluster", "--user", "--server"]
        var flags: [String] = []
        for (index, argument) in arguments.enumerated() {
            if names.contains(argument), index + 1 < arguments.count {
                flags += [argument, arguments[index + 1]]
            } else if names.contains(where: { argument.hasPrefix($0 + "=") }) {
                flags.append(argument)
            }
        }
        return flags
    }

    /// What the server counts by itself is no change of the step's.
    private static func withoutBookkeeping(_ output: CommandOutput) -> String {
        String(decoding: output.standardOutput, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .filter { line in
                let key = line.drop { $0 == " " }
                return !key.hasPrefix("resourceVersion:") && !key.hasPrefix("generation:")
            }.joined(separator: "\n")
    }
}
