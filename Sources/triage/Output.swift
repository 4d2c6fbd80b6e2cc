internal import Glibc
internal import Reports

/// The one writer: everything that triage prints goes through it.
///
/// Results go to standard output, the rest to standard
/// error.
struct Output: Sendable {
    enum Color: String, CaseIterable, Sendable { case auto, always, never }

    var isColored: Bool
    var width: Int
    /// Whether a person is there to be asked: both standard input and standard error are terminals.
    var isInteractive: Bool

    init(color: Color, environment: [String: String]) {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        isColored =
            switch color {
            case .always: true
            case .never: false
            case .auto:
                isTerminal && environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
            }
        isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        width = isTerminal ? Output.terminalWidth() ?? 100 : environment["COLUMNS"].flatMap { Int($0) } ?? 100
    }

    var textOptions: TextOptions { TextOptions(isColored: isColored, width: width) }

    /// A finished document of a report: its own renderer has escaped what is foreign in it; this is the second fence.
    func result(_ document: String) { write(fenced(document), to: STDOUT_FILENO) }

    /// Progress, warnings, questions.
    func note(_ text: String) { write(escapingControlCharacters(text) + "\n", to: STDERR_FILENO) }

    /// A line that the next one replaces; only where a person looks at it.
    func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        let line = escapingControlCharacters(text).replacing("\n", with: " ").prefix(max(20, width - 1))
        write("\r\u{1b}[K\(line)", to: STDERR_FILENO)
    }

    func endProgress() {
        guard isatty(STDERR_FILENO) == 1 else { return }
        write("\r\u{1b}[K", to: STDERR_FILENO)
    }

    /// Asks on the terminal; `nil` at the end of the input.
    func ask(_ question: String) -> String? {
        write(escapingControlCharacters(question) + " ", to: STDERR_FILENO)
        return readLine(strippingNewline: true)
    }

    /// Passes our own colour codes and escapes every other control character.
    ///
    /// In CI a line that the runner would take
    /// for one of its commands is set off by a space.
    private func fenced(_ document: String) -> String {
        let safe =
            isColored
            ? document.split(separator: "\u{1b}[", omittingEmptySubsequences: false).enumerated().map { index, part in
                guard index > 0 else { return escapingControlCharacters(String(part)) }
                let code = part.prefix { $0.isNumber || $0 == ";" }
                let isColor = part.dropFirst(code.count).first == "m"
                return (isColor ? "\u{1b}[" : "\\x1b[") + escapingControlCharacters(String(part))
            }.joined()
            : escapingControlCharacters(document)
        guard safe.contains("::") || safe.contains("##[") else { return safe }
        return safe.split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.hasPrefix("::") || $0.hasPrefix("##[") ? " " + $0 : String($0) }
            .joined(separator: "\n")
    }

    private func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var written = 0
            while written < bytes.count {
                let count = unsafe Glibc.write(
                    descriptor, bytes.baseAddress?.advanced(by: written), bytes.count - written)
                if count < 0, errno == EINTR { continue }
                // The reader is gone (a closed pipe): nobody is left to tell.
                guard count > 0 else { return }
                written += count
            }
        }
    }

    private static func terminalWidth() -> Int? {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }
}
