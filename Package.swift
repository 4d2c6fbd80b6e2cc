// swift-tools-version: 6.2
import PackageDescription

// One list for every Swift target: what the compiler can refuse, nobody has to review.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"), .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(), .treatAllWarnings(as: .error),
]

// Targets stand in the order of the arrows: each may import only what stands above it.
let package = Package(
    name: "triage",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "CEL", targets: ["CEL"]),
    ],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "YAML", dependencies: ["CLibYAML"], swiftSettings: strict),
        .target(name: "CEL", dependencies: ["CRE2"], swiftSettings: strict),
        .target(name: "Facts", dependencies: ["CEL"], swiftSettings: strict),
        .target(name: "Playbooks", dependencies: ["YAML", "CEL", "Facts"], swiftSettings: strict),
        .target(name: "Engine", dependencies: ["CEL", "Facts", "Playbooks"], swiftSettings: strict),
        .target(name: "Reports", dependencies: ["CEL", "Facts", "Playbooks", "Engine"], swiftSettings: strict),
        .target(name: "Collectors", dependencies: ["YAML", "CEL", "Facts"], swiftSettings: strict),
        .target(name: "TestSupport", dependencies: ["Facts"], path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: strict),
        .testTarget(name: "CELTests", dependencies: ["CEL"], swiftSettings: strict),
        .testTarget(name: "FactsTests", dependencies: ["Facts", "CEL"], swiftSettings: strict),
        .testTarget(name: "PlaybooksTests", dependencies: ["Playbooks", "Facts", "CEL", "YAML"], swiftSettings: strict),
        .testTarget(
            name: "CollectorsTests", dependencies: ["Collectors", "Facts", "CEL", "YAML", "TestSupport"],
            swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["Engine", "Playbooks", "Facts", "CEL"], swiftSettings: strict),
        .testTarget(name: "ReportsTests", dependencies: ["Reports", "Engine", "Playbooks", "Facts", "CEL"], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
