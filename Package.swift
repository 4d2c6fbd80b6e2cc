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
        .executable(name: "triage", targets: ["triage"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLZMA", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CTimex"),
        .target(name: "CJSONScan"),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "YAML", dependencies: ["CLibYAML"], swiftSettings: strict),
        .target(name: "CEL", dependencies: ["CRE2", "CJSONScan"], swiftSettings: strict),
        .target(name: "Archives", dependencies: ["CZlib", "CLZMA"], swiftSettings: strict),
        .target(name: "Facts", dependencies: ["CEL"], swiftSettings: strict),
        .target(name: "Playbooks", dependencies: ["YAML", "CEL", "Facts"], swiftSettings: strict),
        .target(name: "Engine", dependencies: ["YAML", "CEL", "Facts", "Playbooks"], swiftSettings: strict),
        .target(name: "Reports", dependencies: ["CEL", "Facts", "Playbooks", "Engine"], swiftSettings: strict),
        .target(
            name: "Collectors",
            dependencies: [
                "CTimex", "YAML", "CEL", "Facts", "Archives",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "_CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPCompression", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: strict),
        .target(
            name: "Libraries",
            dependencies: [
                "Archives", "YAML", "CEL", "Facts", "Playbooks",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "_CryptoExtras", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "triage",
            dependencies: [
                "YAML", "CEL", "Facts", "Archives", "Playbooks", "Engine", "Reports", "Collectors", "Libraries",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict),
        .executableTarget(name: "bench", dependencies: ["CEL"], path: "Benchmarks/CEL", swiftSettings: strict),
        .executableTarget(
            name: "bench-facts",
            dependencies: [
                "CEL", "Facts", "Collectors", .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ],
            path: "Benchmarks/Facts", swiftSettings: strict),
        .executableTarget(
            name: "bench-library", dependencies: ["CLibYAML", "Playbooks", "Engine", "Collectors", "Libraries"],
            path: "Benchmarks/Library", swiftSettings: strict),
        .executableTarget(
            name: "bench-symptoms", dependencies: ["YAML", "Facts", "Playbooks", "Engine"], path: "Benchmarks/Symptoms",
            swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: [
                "Facts", "CEL",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(name: "YAMLTests", dependencies: ["YAML"], swiftSettings: strict),
        .testTarget(name: "CELTests", dependencies: ["CEL"], exclude: ["Cases"], swiftSettings: strict),
        .testTarget(name: "ArchivesTests", dependencies: ["Archives"], swiftSettings: strict),
        .testTarget(name: "FactsTests", dependencies: ["Facts", "CEL"], swiftSettings: strict),
        .testTarget(
            name: "PlaybooksTests", dependencies: ["Playbooks", "Facts", "CEL", "YAML", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorsTests",
            dependencies: ["Collectors", "Archives", "Facts", "CEL", "YAML", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "LibrariesTests",
            dependencies: [
                "Libraries", "Archives", "Playbooks", "Facts", "CEL", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            exclude: ["Fixtures", "Golden"], swiftSettings: strict),
        .testTarget(name: "EngineTests", dependencies: ["Engine", "Playbooks", "Facts", "CEL"], swiftSettings: strict),
        .testTarget(
            name: "ReportsTests", dependencies: ["Reports", "Engine", "Playbooks", "Facts", "CEL", "TestSupport"],
            exclude: ["Site"], swiftSettings: strict),
        .testTarget(
            name: "TriageTests",
            dependencies: [
                "triage", "YAML", "CEL", "Facts", "Playbooks", "Engine", "Reports", "Collectors", "TestSupport",
            ],
            exclude: ["Pastes", "Recordings"], swiftSettings: strict),
        .testTarget(name: "ArchitectureTests", dependencies: [], swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
