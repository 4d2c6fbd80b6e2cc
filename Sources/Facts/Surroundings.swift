package import CEL

/// All that a collector may know of the outside: what the person asked for, and the one gate to the world.
package struct Surroundings: Sendable {
    /// What the person chose on the command line.
    package struct Selection: Sendable {
        package var kubeconfig: String?
        package var context: String?
        package var namespace: String?

        package init(kubeconfig: String? = nil, context: String? = nil, namespace: String? = nil) {
            self.kubeconfig = kubeconfig
            self.context = context
            self.namespace = namespace
        }
    }

    package var environment: [String: String]
    package var homeDirectory: String
    package var selection: Selection
    /// The pasted text, as given; empty where there is none.
    package var text: String
    package var now: Timestamp
    package var effects: any Effects
    /// Results that several facts of one diagnosis share (an exec plugin is run once).
    package var cache: SharedResults
    /// Of the playbook that asks; nothing unless somebody decided so.
    package var permissions: Permissions
    /// What is looked at instead of what is here, such as `kubectl cluster-info dump DIR`; `nil`: the real world.
    package var capture: String?
    /// What is read of the fact that is asked for: a collector that declares `readsInPart` may leave out the rest.
    package var reading = Projection.whole
    /// What takes the elements of the fact's lists whole, from a collector that leaves out what nobody reads; `nil`:
    /// nothing is left out that somebody wants.
    package var lists: (any ListRecorder)?
    /// When the fact is given up, and until when a collector asks that asks many times; `nil`: nobody said.
    package var deadline: ContinuousClock.Instant?

    package init(
        environment: [String: String] = [:], homeDirectory: String = "/root", selection: Selection = Selection(),
        text: String = "", now: Timestamp, effects: any Effects, cache: SharedResults = SharedResults(),
        permissions: Permissions = .none, capture: String? = nil
    ) {
        self.environment = environment
        self.homeDirectory = homeDirectory
        self.selection = selection
        self.text = text
        self.now = now
        self.effects = effects
        self.cache = cache
        self.permissions = permissions
        self.capture = capture
    }

    /// How long the fact is waited for; `standard` where nobody said.
    package func secondsLeft(or standard: Double) -> Double {
        deadline.map { max(0, ($0 - .now) / .seconds(1)) } ?? standard
    }

    /// For what only this process, its user and its machine can tell: a capture of another place never holds it.
    package func requireHere() throws(Unknown) {
        guard let capture else { return }
        throw Unknown(.notCollected, "the \(capture) does not hold it")
    }
}

/// The one gate through which every open, spawn and connect of a collector goes.
package protocol Effects: Sendable {
    /// Reads a regular file (or one of /proc); `truncated` beyond the limit, `notFound`, `denied`.
    func readFile(_ path: String, limit: Int) async throws(Unknown) -> [UInt8]
    func status(of path: String) async throws(Unknown) -> FileStatus
    /// Of a directory what tells that its files whose names end so are those of an earlier time; of a file, its own.
    func signature(of path: String, endings: [String]) async throws(Unknown) -> FolderSignature
    /// The names in a directory, sorted.
    func list(_ directory: String) async throws(Unknown) -> [String]
    /// What stands under each of the names in a directory, in their order; links are not followed.
    func readEntries(_ names: [String], of directory: String, limit: Int) async -> [DirectoryEntry]
    func run(_ command: Command) async throws(Unknown) -> CommandOutput
    func send(_ request: HTTPRequest) async throws(Unknown) -> HTTPResponse
    /// The same, with the body of an answer 200 given to the reader as it comes, and absent from what is returned.
    func send(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse
    /// One step of the probe ladder: resolves, connects, and, if asked, shakes hands.
    func connect(_ endpoint: ConnectionRequest) async -> ConnectionReport
    /// How full the file system is that holds the path.
    func space(at path: String) async throws(Unknown) -> FileSystemSpace
    /// Where a symbolic link leads, as it is written.
    func linkTarget(of path: String) async throws(Unknown) -> String
    /// The addresses that the system's resolver gives for a name, in its order.
    func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String]
    /// What the kernel says of its clock.
    func clockState() async throws(Unknown) -> ClockState
}

/// Takes the body of an answer piece by piece.
package protocol BodyReader: Sendable {
    /// What it throws ends the request.
    func take(_ piece: UnsafeRawBufferPointer) throws(Unknown)
}

extension BodyReader {
    package func take(contentsOf bytes: [UInt8]) throws(Unknown) {
        let failure = unsafe bytes.withUnsafeBytes { bytes -> Unknown? in
            do throws(Unknown) {
                try unsafe take(bytes)
                return nil
            } catch {
                return error
            }
        }
        if let failure { throw failure }
    }
}

extension Effects {
    package func send(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse {
        try await sendAtOnce(request, to: reader)
    }

    /// The whole body in one piece.
    package func sendAtOnce(_ request: HTTPRequest, to reader: any BodyReader) async throws(Unknown) -> HTTPResponse {
        var response = try await send(request)
        guard response.status == 200 else { return response }
        try reader.take(contentsOf: response.body)
        response.body = []
        return response
    }
}

/// What only a live machine can tell: a snapshot or somebody's bundle need not know of it.
extension Effects {
    package func space(at path: String) async throws(Unknown) -> FileSystemSpace {
        throw Unknown(.notCollected, "nobody measured the file system of \(path)")
    }

    package func linkTarget(of path: String) async throws(Unknown) -> String {
        throw Unknown(.notCollected, "nobody read the link \(path)")
    }

    package func resolve(_ host: String, deadlineSeconds: Double) async throws(Unknown) -> [String] {
        throw Unknown(.notCollected, "the name \(host) was not looked up")
    }

    package func clockState() async throws(Unknown) -> ClockState {
        throw Unknown(.notCollected, "nobody asked the kernel about its clock")
    }
}

/// What adjtimex(2) says.
package struct ClockState: Sendable, Hashable {
    /// Nobody vouches for the clock (`STA_UNSYNC`).
    package var isMarkedUnsynchronized: Bool
    /// The kernel lets it grow by half a millisecond a second where nobody corrects the clock, up to 16 s.
    package var maxErrorMicroseconds: Int64
    package var estimatedErrorMicroseconds: Int64

    package init(isMarkedUnsynchronized: Bool, maxErrorMicroseconds: Int64, estimatedErrorMicroseconds: Int64) {
        self.isMarkedUnsynchronized = isMarkedUnsynchronized
        self.maxErrorMicroseconds = maxErrorMicroseconds
        self.estimatedErrorMicroseconds = estimatedErrorMicroseconds
    }
}

/// What statvfs(3) says; counts are those for unprivileged users where it tells two.
package struct FileSystemSpace: Sendable, Hashable {
    package var totalBytes: UInt64
    package var availableBytes: UInt64
    /// 0: the file system counts none (btrfs, many network file systems).
    package var inodes: UInt64
    package var availableInodes: UInt64
    package var isReadOnly: Bool

    package init(
        totalBytes: UInt64, availableBytes: UInt64, inodes: UInt64, availableInodes: UInt64, isReadOnly: Bool
    ) {
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
        self.inodes = inodes
        self.availableInodes = availableInodes
        self.isReadOnly = isReadOnly
    }
}

/// What a name in a directory turned out to be.
package enum DirectoryEntry: Sendable {
    case file([UInt8])
    case notAFile(FileStatus.Kind)
    case unreadable(Unknown)
}

extension Effects {
    /// One after the other.
    package func readEntries(_ names: [String], of directory: String, limit: Int) async -> [DirectoryEntry] {
        var entries: [DirectoryEntry] = []
        for name in names {
            let path = directory.appending(component: name)
            do throws(Unknown) {
                let kind = try await status(of: path).kind
                entries.append(kind == .regular ? .file(try await readFile(path, limit: limit)) : .notAFile(kind))
            } catch {
                entries.append(.unreadable(error))
            }
        }
        return entries
    }
}

extension String {
    /// A path one step further down.
    package func appending(component: String) -> String {
        hasSuffix("/") ? self + component : "\(self)/\(component)"
    }
}

package struct FileStatus: Sendable, Hashable {
    package enum Kind: String, Sendable { case regular, directory, symbolicLink, other }

    package var kind: Kind
    package var size: Int
    /// The permission bits, such as 0o600.
    package var mode: Int
    package var owner: Int
    package var isReadable: Bool

    package init(kind: Kind, size: Int, mode: Int, owner: Int, isReadable: Bool) {
        self.kind = kind
        self.size = size
        self.mode = mode
        self.owner = owner
        self.isReadable = isReadable
    }
}

/// A command as argv; there is no shell.
package struct Command: Sendable, Hashable {
    package var executable: String
    package var arguments: [String]
    /// Added to the trimmed environment (PATH, HOME, USER, LANG, TMPDIR, proxies, KUBECONFIG, AWS_* …).
    package var environment: [String: String]
    package var deadlineSeconds: Double
    package var outputLimit: Int

    package init(
        _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
        deadlineSeconds: Double = 10, outputLimit: Int = 4 << 20
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.deadlineSeconds = deadlineSeconds
        self.outputLimit = outputLimit
    }
}

package struct CommandOutput: Sendable {
    package var exitCode: Int32
    package var standardOutput: [UInt8]
    package var standardError: [UInt8]

    package init(exitCode: Int32, standardOutput: [UInt8], standardError: [UInt8]) {
        self.exitCode = exitCode
        self.standardOutput = standardOutput
        self.standardError = standardError
    }
}

/// How to make a TLS connection trust and present itself.
///
/// PEM texts.
package struct TLSOptions: Sendable, Hashable {
    /// Certificate authorities; `nil` means the system's.
    package var authoritiesPEM: String?
    package var certificateChainPEM: String?
    package var privateKeyPEM: String?
    package var serverName: String?
    package var skipsVerification: Bool

    package init(
        authoritiesPEM: String? = nil, certificateChainPEM: String? = nil, privateKeyPEM: String? = nil,
        serverName: String? = nil, skipsVerification: Bool = false
    ) {
        self.authoritiesPEM = authoritiesPEM
        self.certificateChainPEM = certificateChainPEM
        self.privateKeyPEM = privateKeyPEM
        self.serverName = serverName
        self.skipsVerification = skipsVerification
    }
}

/// A read-only request.
package struct HTTPRequest: Sendable {
    /// A question that etcd's gateway takes by POST only.
    ///
    /// There is no other way to send a body, so that nothing but these can ever be posted.
    package enum Question: String, Sendable, CaseIterable {
        case etcdStatus = "/v3/maintenance/status"
        case etcdAlarms = "/v3/maintenance/alarm"
        case etcdMembers = "/v3/cluster/member/list"

        /// An alarm request's action is GET (0) unless it says otherwise.
        package var body: String { self == .etcdAlarms ? #"{"action":"GET"}"# : "{}" }
    }

    /// GET or HEAD; of no account where there is a question.
    package var method: String
    package var question: Question?
    package var url: String
    package var headers: [(name: String, value: String)]
    package var tls: TLSOptions
    /// `http://…` or `socks5://…`; `nil` means none.
    package var proxy: String?
    package var deadlineSeconds: Double
    package var bodyLimit: Int
    /// Whether the address that the name stands for may be neither this machine's, nor its link's, nor a cloud's
    /// metadata: looked at when it is connected to, so that no later look-up tells another one.
    package var isFarOnly = false

    package init(
        method: String = "GET", url: String, headers: [(name: String, value: String)] = [],
        tls: TLSOptions = TLSOptions(), proxy: String? = nil, deadlineSeconds: Double = 10,
        bodyLimit: Int = 16 << 20, question: Question? = nil
    ) {
        self.method = method
        self.question = question
        self.url = url
        self.headers = headers
        self.tls = tls
        self.proxy = proxy
        self.deadlineSeconds = deadlineSeconds
        self.bodyLimit = bodyLimit
    }
}

package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}

package struct ConnectionRequest: Sendable {
    package var host: String
    package var port: Int
    /// `nil`: no TLS handshake is tried.
    package var tls: TLSOptions?
    package var deadlineSeconds: Double

    package init(host: String, port: Int, tls: TLSOptions? = nil, deadlineSeconds: Double = 5) {
        self.host = host
        self.port = port
        self.tls = tls
        self.deadlineSeconds = deadlineSeconds
    }
}

/// How far a connection got.
package struct ConnectionReport: Sendable {
    package enum Step: Sendable, Hashable {
        case resolving(String)
        /// `refused`, `timedOut`, `unreachable`, or the system's message.
        case connecting(String)
        /// What the TLS library said; the peer may speak no TLS at all.
        case handshaking(String)
    }

    package var addresses: [String]
    /// `nil`: everything that was asked for succeeded.
    package var failedAt: Step?
    /// The chain that the peer presented, each as DER, the leaf first; also when it was not trusted.
    package var peerChainDER: [[UInt8]]
    /// Whether the presented chain leads to the given authorities and names the host; `nil` without TLS.
    package var isTrusted: Bool?

    package init(
        addresses: [String] = [], failedAt: Step? = nil, peerChainDER: [[UInt8]] = [], isTrusted: Bool? = nil
    ) {
        self.addresses = addresses
        self.failedAt = failedAt
        self.peerChainDER = peerChainDER
        self.isTrusted = isTrusted
    }
}
