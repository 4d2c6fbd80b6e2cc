/// A place in a file that people wrote.
package struct Location: Sendable, Hashable {
    package var file: String
    /// From one.
    package var line: Int
    /// From one, in Unicode scalars.
    package var column: Int
    /// In Unicode scalars; 0 where only the start is known.
    package var length: Int

    package init(file: String, line: Int, column: Int, length: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
    }
}

/// Something wrong in what people wrote for us: a playbook, a test, a snapshot.
package struct Problem: Sendable, Hashable {
    package enum Severity: String, Sendable { case error, warning }

    package var code: Code
    package var severity: Severity
    /// What was found, what was expected; lower case, no full stop.
    package var message: String
    package var location: Location
    /// What was probably meant: replaces the marked text.
    package var suggestion: String?

    package init(
        _ code: Code, _ message: String, at location: Location, severity: Severity = .error, suggestion: String? = nil
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.location = location
        self.suggestion = suggestion
    }
}
