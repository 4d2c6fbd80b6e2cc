import CEL
import Facts
import FoundationEssentials
import TestSupport
import Testing

@testable import Collectors

/// What real kubectl used, copied from the project's recordings of a throwaway cluster.
enum Recordings {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "TriageTests/Recordings").path()

    static func text(_ name: String, _ file: String = "kubeconfig.yaml") throws -> String {
        try String(contentsOf: URL(filePath: "\(folder)/\(name)/\(file)"), encoding: .utf8)
    }

    static let names = [
        "healthy", "expired-client-cert", "cert-of-another-ca", "opaque-token-rejected", "service-account-deleted",
        "no-credentials", "exec-plugin-missing", "client-cert-file-missing", "context-not-found",
        "kubeconfig-bad-yaml", "localhost-8080-empty-kubeconfig", "forbidden-not-unauthorized", "wrong-port",
        "hpa-second-container",
    ]
}

/// Surroundings in which the given text is `~/.kube/config`.
func surroundings(
    kubeconfig text: String? = nil, files: [String: String] = [:], environment: [String: String] = [:],
    selection: Surroundings.Selection = .init(), commands: [String: CommandOutput] = [:]
) -> Surroundings {
    var files = files
    files["/home/jo/.kube/config"] = text
    // 2026-11-24T00:10:00Z, when the recordings were made.
    return Surroundings(
        environment: environment, homeDirectory: "/home/jo", selection: selection,
        now: Timestamp(seconds: 1_795_479_000), effects: MadeUpWorld(files: files, commands: commands))
}

extension Value {
    /// The value at a dotted path; `nil` where a part of it is absent.
    func at(_ path: String) -> Value? {
        path.split(separator: ".").reduce(self as Value?) { value, name in
            switch value {
            case .map(let map): map[String(name)]
            case .list(let list): Int(name).flatMap { list.indices.contains($0) ? list[$0] : nil }
            default: nil
            }
        }
    }

    func text(_ path: String) -> String? {
        if case .string(let text) = at(path) { text } else { nil }
    }

    func flag(_ path: String) -> Bool? {
        if case .bool(let flag) = at(path) { flag } else { nil }
    }

    func texts(_ path: String) -> [String]? {
        guard case .list(let list) = at(path) else { return nil }
        return list.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }

    func seconds(_ path: String) -> Int64? {
        if case .timestamp(let time) = at(path) { time.seconds } else { nil }
    }

    func reason(_ path: String) -> String? {
        if case .unknown(let set) = at(path) { set.attributes.first?.reason } else { nil }
    }
}

func collect(
    _ collector: some Collector, _ parameters: [String: Value] = [:], in surroundings: Surroundings
) async throws -> Value {
    let value = try await collector.collect(parameters, in: surroundings).value
    expectFits(value, collector.declaration.returns, collector.declaration.name)
    return value
}
