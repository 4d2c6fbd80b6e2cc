internal import CEL
internal import Facts

/// The running kernel and its modules.
///
/// Sources: proc(5); `modules.builtin` as the kernel's Documentation/kbuild/kbuild.rst describes it.
struct KernelCollector: Collector {
    let declaration = Declaration(
        "node.kernel",
        summary: "The kernel's release, and the modules that are loaded or built in.",
        returns: .object([
            "release": .string, "version": .string, "commandLine": .string, "bootID": .string,
            "modules": .list(.string), "builtIn": .list(.string),
        ]),
        fields: [
            "release": "as `uname -r` says it",
            "modules": "loaded ones by name, with underscores; empty where the kernel takes no modules",
            "builtIn": "modules that are part of the kernel; unknown where no list of them is installed",
        ],
        cost: .file, privileges: ["read /proc/modules", "read /lib/modules"],
        secrets: ["passwords on the kernel's command line"])

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        guard
            let release = try await surroundings.machineFileIfPresent("/proc/sys/kernel/osrelease")?
                .trimmingWhitespace()
        else { throw Unknown(.notApplicable, "this machine has no /proc/sys") }
        var fields: [String: Value] = ["release": .string(release)]
        let texts = [
            ("version", "/proc/sys/kernel/version"), ("commandLine", "/proc/cmdline"),
            ("bootID", "/proc/sys/kernel/random/boot_id"),
        ]
        for (field, path) in texts {
            fields[field] = await attempt { () async throws(Unknown) in
                .string(Redaction.redact(try await surroundings.machineFile(path).trimmingWhitespace()))
            }.value
        }
        // A kernel without loadable modules has no such table.
        fields["modules"] = await attempt { () async throws(Unknown) in
            let table = try await surroundings.machineFileIfPresent("/proc/modules") ?? ""
            return Value.texts(
                table.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) })
        }.value
        fields["builtIn"] = await attempt { () async throws(Unknown) in
            let list = try await surroundings.machineFile("/lib/modules/\(release)/modules.builtin", limit: 4 << 20)
            return Value.texts(list.split(separator: "\n").map(Self.moduleName))
        }.value
        return Observation(.map(Map(fields)), source: "/proc/sys/kernel, /proc/modules, /lib/modules/\(release)")
    }

    /// `kernel/net/bridge/br_netfilter.ko`: the kernel takes dashes and underscores for the same.
    private static func moduleName(_ path: Substring) -> String {
        let file = lastPathComponent(String(path)).prefix { $0 != "." }
        return String(file.map { $0 == "-" ? "_" : $0 })
    }
}
