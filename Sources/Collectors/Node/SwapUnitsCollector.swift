internal import CEL
internal import Facts

/// What else would turn swap on at the next boot.
///
/// Sources: systemd.swap(5), systemd.unit(5) for the order of the directories, zram-generator.conf(5), dphys-
/// swapfile(8).
struct SwapUnitsCollector: Collector {
    let declaration = Declaration(
        "node.swapUnits",
        summary: "The systemd swap units, zram generators and swap services of this machine.",
        returns: .object([
            "units": .list(
                .object([
                    "name": .string, "path": .string, "what": .string, "masked": .bool, "atBoot": .bool,
                    "fromFstab": .bool,
                ])),
            "zramGenerator": .bool, "zramService": .bool, "dphysSwapfile": .bool,
        ]),
        fields: [
            "units.what": "the device or file, as the unit's What= says it; absent in a masked unit",
            "units.atBoot": "some target wants it and it is not masked",
            "units.fromFstab": "made by systemd from a line of /etc/fstab",
            "zramGenerator": "systemd's zram-generator is configured with at least one device",
            "zramService": "zram-tools' or zram-config's service is enabled",
            "dphysSwapfile": "dphys-swapfile's service is enabled and its size is not 0",
        ],
        cost: .file,
        privileges: ["read /etc/systemd/system", "read /run/systemd"])

    /// The first directory that has a unit wins.
    static let directories = [
        "/etc/systemd/system", "/run/systemd/system", "/run/systemd/generator", "/usr/local/lib/systemd/system",
        "/usr/lib/systemd/system", "/lib/systemd/system", "/run/systemd/generator.late",
    ]

    func collect(_ parameters: [String: Value], in surroundings: Surroundings) async throws(Unknown) -> Observation {
        let units = try await units(in: surroundings)
        let services = try await enabled(".service", in: surroundings)
        return Observation(
            .map([
                "units": .list(List(units)),
                "zramGenerator": .bool(try await hasZramGenerator(surroundings)),
                "zramService": .bool(!services.isDisjoint(with: ["zramswap.service", "zram-config.service"])),
                "dphysSwapfile": .bool(try await hasDphysSwapfile(services, surroundings)),
            ]),
            source: Self.directories.joined(separator: ", "))
    }

    private func units(in surroundings: Surroundings) async throws(Unknown) -> [Value] {
        let wanted = try await enabled(".swap", in: surroundings)
        var units: [(name: String, value: Value)] = []
        for directory in Self.directories {
            for name in try await surroundings.namesIfPresent(in: directory) where name.hasSuffix(".swap") {
                guard !units.contains(where: { $0.name == name }) else { continue }
                let text = try await unitText(directory + "/" + name, surroundings)
                units.append((name, unit(name, in: directory, text: text, isWanted: wanted.contains(name))))
            }
        }
        return units.map(\.value)
    }

    private func unit(_ name: String, in directory: String, text: String, isWanted: Bool) -> Value {
        let settings = text.split(separator: "\n").map { $0.drop(while: \.isWhitespace) }
        let isMasked = settings.isEmpty
        var fields: [String: Value] = [
            "name": .string(name), "path": .string(directory + "/" + name), "masked": .bool(isMasked),
            "atBoot": .bool(isWanted && !isMasked),
            "fromFstab": .bool(settings.contains { $0.hasPrefix("SourcePath=/etc/fstab") }),
        ]
        if let what = settings.last(where: { $0.hasPrefix("What=") }) {
            fields["what"] = .string(String(what.dropFirst("What=".count)))
        }
        return .map(Map(fields))
    }

    /// A unit that is a link to /dev/null is masked: it is no regular file, and reads as empty.
    private func unitText(_ path: String, _ surroundings: Surroundings) async throws(Unknown) -> String {
        do {
            return try await surroundings.machineFile(path)
        } catch  where error.reason == .malformed || error.reason == .notApplicable || error.reason == .notFound {
            return ""
        }
    }

    /// The units that some target wants or requires.
    private func enabled(_ suffix: String, in surroundings: Surroundings) async throws(Unknown) -> Set<String> {
        var names: Set<String> = []
        for directory in Self.directories {
            for target in try await surroundings.namesIfPresent(in: directory)
            where target.hasSuffix(".wants") || target.hasSuffix(".requires") {
                let wanted = try await surroundings.namesIfPresent(in: directory + "/" + target)
                names.formUnion(wanted.filter { $0.hasSuffix(suffix) })
            }
        }
        return names
    }

    private func hasZramGenerator(_ surroundings: Surroundings) async throws(Unknown) -> Bool {
        for directory in ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"] {
            // The first file found counts, also an empty one: that is how a device is switched off.
            guard let text = try await surroundings.machineFileIfPresent(directory + "/zram-generator.conf") else {
                continue
            }
            return text.split(separator: "\n").contains { $0.hasPrefix("[zram") }
        }
        return false
    }

    private func hasDphysSwapfile(
        _ services: Set<String>, _ surroundings: Surroundings
    ) async throws(Unknown) -> Bool {
        guard services.contains("dphys-swapfile.service") else { return false }
        let settings = try await surroundings.machineFileIfPresent("/etc/dphys-swapfile") ?? ""
        return !settings.split(separator: "\n").contains("CONF_SWAPSIZE=0")
    }
}
