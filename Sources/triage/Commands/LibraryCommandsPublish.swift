internal import ArgumentParser
internal import CEL
internal import Libraries
internal import Playbooks

struct PackageLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "package", abstract: "Check a library, write its digests.txt, and with -o the archive.",
        discussion: "Signatures of what was there before do not hold any more, and are removed.")

    @Argument(help: "The library's folder.") var folder: String
    @Option(name: .shortAndLong, help: ArgumentHelp("The archive to write.", valueName: "file.tar.gz"))
    var output: String?
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        try telling(session.output) {
            let loader = Loader(catalogue: session.catalogue)
            let package = try LibraryPublishing.writeDigests(folder) { package throws(LibraryError) in
                _ = try package.checkedPlaybooks(loader)
            }
            if let output { try Disk.replace(output, LibraryPublishing.archive(package)) }
            session.output.result("\(package.title) \(package.digest)\n")
        }
    }
}

struct SignLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign",
        abstract: "Sign a packaged folder, or an index: with an SSH key by ssh-keygen, or by minisign.")

    @Argument(help: "The library's folder, or the file of an index.") var folder: String
    @Option(help: ArgumentHelp("The private key, or a public one whose private half an agent has.", valueName: "file"))
    var key: String?
    @Option(help: ArgumentHelp("A secret key of minisign's instead.", valueName: "file")) var minisign: String?
    @OptionGroup var options: LibraryOptions

    func validate() throws {
        guard (key == nil) != (minisign == nil) else { throw ValidationError("either --key or --minisign signs") }
    }

    func run() async throws {
        let session = options.session
        let file = try await telling(session.output) {
            if !Disk.isDirectory(folder), folder.hasSuffix(".json"), let key {
                return try await LibraryPublishing.sign(index: folder, key: key, environment: session.environment)
            }
            if let minisign {
                return try await LibraryPublishing.sign(
                    folder, minisignKey: minisign, environment: session.environment)
            }
            return try await LibraryPublishing.sign(folder, key: key ?? "", environment: session.environment)
        }
        session.output.result("\(file)\n")
    }
}

struct IndexLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Write the index of packaged folders: what there is, and until when that holds.",
        discussion: """
            'triage library sign' signs it. A rule of trust.yaml names it as its index; what it says newer versions are \
            cannot be kept from anybody for longer than it is valid.
            """)

    @Argument(help: "Packaged folders; FOLDER=SOURCE says where a library can be had.") var folders: [String]
    @Option(name: .shortAndLong, help: ArgumentHelp("The index to write.", valueName: "file"))
    var output = "index.json"
    @Option(help: "Its number; one more than that of the index that is there.") var serial: Int?
    @Option(help: ArgumentHelp("How long it is valid.", valueName: "days")) var days = 7
    @OptionGroup var options: LibraryOptions

    func validate() throws {
        guard (1...3650).contains(days) else { throw ValidationError("--days takes a number from 1 to 3650") }
        guard (1..<Int(LibraryIndex.serialEnd)).contains(serial ?? 1) else {
            throw ValidationError("--serial takes a number from 1 to \(LibraryIndex.serialEnd - 1)")
        }
    }

    func run() async throws {
        let session = options.session
        let loader = Loader(catalogue: session.catalogue)
        let until = Timestamp(seconds: currentTime().seconds + Int64(days) * 86_400)
        try telling(session.output) {
            let libraries = try folders.map { text in
                let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard !parts.contains("") else {
                    throw LibraryError(
                        .badReference, "'\(text)' names no folder, or no source behind it",
                        hint: "expected FOLDER or FOLDER=SOURCE")
                }
                let package = try LibraryPublishing.package(parts[0])
                let source = try parts.count == 2 ? LibraryReference(parts[1]).description : nil
                return (package: package, playbooks: try package.checkedPlaybooks(loader), source: source)
            }
            let number = try LibraryPublishing.writeIndex(
                output, of: libraries, serial: serial.map(Int64.init), validUntil: until)
            session.output.result("\(output) \(number) valid until \(until)\n")
        }
    }
}

struct PushLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push", abstract: "Push a packaged folder and its signatures to an OCI registry.")

    @Argument(help: "The library's folder.") var folder: String
    @Argument(help: "oci://host/repository:tag") var target: String
    @Flag(help: "Push it as a container image that can be mounted, its signatures among its files.")
    var asImage = false
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let digest = try await telling(session.output) {
            let reference = try LibraryReference(target)
            guard reference.transport == .registry, !options.offline else {
                throw LibraryError(
                    .badReference, "'\(target)' is no place to push to", hint: "expected oci://host/repository:tag")
            }
            let package = try LibraryPublishing.package(folder)
            _ = try package.checkedPlaybooks(Loader(catalogue: session.catalogue))
            let source = try RegistrySource(reference)
            return asImage
                ? try await source.pushImage(package, environment: session.environment)
                : try await source.push(package, environment: session.environment)
        }
        session.output.result("\(digest)\n")
    }
}

struct PullLibrary: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pull", abstract: "Fetch and verify a library, and write its archive; nothing is added.")

    @Argument(help: "Where it is.") var source: String
    @Option(name: .shortAndLong, help: ArgumentHelp("The archive to write.", valueName: "file.tar.gz"))
    var output: String
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        try await telling(session.output) {
            let candidate = try await home.fetched(LibraryReference(source), session)
            try Disk.replace(output, LibraryPublishing.archive(candidate.package))
            session.output.result("\(candidate.package.title) \(candidate.package.digest)\n")
        }
    }
}

struct MirrorLibraries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract:
            "Copy all pinned libraries with their signatures: archives and the lock, an OCI layout, or a registry.")

    @Option(
        help: ArgumentHelp(
            "A folder for archives; oci:FOLDER for a layout; oci://host/path for a registry.", valueName: "place"))
    var to: String
    @OptionGroup var options: LibraryOptions

    func run() async throws {
        let session = options.session
        let home = try options.home(session)
        let files = try await telling(session.output) { try await LibraryPublishing.mirror(home, to: to) }
        session.output.result(files.map { $0 + "\n" }.joined())
    }
}
