import Foundation
import Synchronization
import TestSupport
import Testing

/// The built command on a terminal of its own, with a person who answers what is asked.
///
/// Standard input and standard error are the terminal, standard output a file: so nobody needs to tell them apart.
struct PseudoTerminal {
    struct Result {
        var exitCode: Int32
        var output: String
        /// What the terminal showed.
        var shown: String
    }

    /// What a person does when the terminal shows a text: something first, then an answer.
    struct Reply {
        var question: String
        var answer: String
        var act: (() async throws -> Void)?

        init(_ question: String, _ answer: String, act: (() async throws -> Void)? = nil) {
            self.question = question
            self.answer = answer
            self.act = act
        }
    }

    private struct NoTerminal: Error {}

    /// Answers in the given order, each once its question has been shown; after the last one the input ends.
    static func run(
        _ arguments: [String], replies: [Reply], environment: [String: String] = [:], home: URL? = nil
    ) async throws -> Result {
        let controller = unsafe open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard controller >= 0 else { throw NoTerminal() }
        var (lock, number): (Int32, UInt32) = (0, 0)
        // pty(7): TIOCSPTLCK unlocks the terminal, TIOCGPTN tells its number; Swift sees no posix_openpt here.
        guard unsafe ioctl(controller, 0x4004_5431, &lock) == 0, unsafe ioctl(controller, 0x8004_5430, &number) == 0
        else { throw NoTerminal() }
        defer { close(controller) }
        let terminal = unsafe open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
        guard terminal >= 0 else { throw NoTerminal() }
        _ = fcntl(controller, F_SETFL, O_NONBLOCK)
        let folder = try temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let output = folder.appending(path: "out")
        try Data().write(to: output)

        let process = Process()
        process.executableURL = TriageCommand.binary
        process.arguments = arguments
        let terminalEnvironment = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "NO_COLOR": "1", "TERM": "dumb"]
        process.environment = TriageCommand.environment(home: home).merging(terminalEnvironment) { $1 }
            .merging(environment) { $1 }
        let handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: true)
        process.standardInput = handle
        process.standardError = handle
        process.standardOutput = try FileHandle(forWritingTo: output)

        let isDone = Mutex(false)
        async let ended: Void = {
            defer { isDone.withLock { $0 = true } }
            try await process.runToEnd()
        }()
        let shown = try await converse(controller, replies) { isDone.withLock { $0 } }
        if process.isRunning { process.terminate() }
        try await ended
        return Result(
            exitCode: process.terminationStatus, output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            shown: shown + String(decoding: available(controller), as: UTF8.self))
    }

    private static func converse(
        _ controller: Int32, _ replies: [Reply], isDone: () -> Bool
    ) async throws -> String {
        var shown = ""
        var unread = ""
        var rest = replies[...]
        // A question that nobody expected must not hang the tests.
        var patience = 6000
        while !isDone(), patience > 0 {
            patience -= 1
            let text = String(decoding: available(controller), as: UTF8.self)
            shown += text
            unread += text
            if let next = rest.first, let place = unread.range(of: next.question) {
                unread = String(unread[place.upperBound...])
                rest = rest.dropFirst()
                try await next.act?()
                send(next.answer + "\n", to: controller)
                // Nobody answers any more: the next question meets the end of the input.
                if rest.isEmpty { send("\u{4}", to: controller) }
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        return shown
    }

    private static func send(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        _ = unsafe write(descriptor, bytes, bytes.count)
    }

    /// What there is to read now.
    private static func available(_ descriptor: Int32) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return bytes }
            bytes += buffer[..<count]
        }
    }
}
