internal import ArgumentParser
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
        commandName: "sign", abstract: "Sign a packaged folder: with an SSH key by ssh-keygen, or by minisign.")

    @Argument(help: "The library's folder.") var folder: String
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
            if let minisign {
                return try await LibraryPublishing.sign(
                    folder, minisignKey: minisign, environment: session.environment)
            }
            return try await LibraryPublishing.sign(folder, key: key ?? "", environment: session.environment)
        }
        session.output.result("\(file)\n")
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
            let candidate = try await home.candidate(
                LibraryReference(source), loader: Loader(catalogue: session.catalogue))
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
