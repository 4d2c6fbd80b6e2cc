/// What expressions may name: variables with their types, and the libraries' functions and macros.
public struct Environment: Sendable {
    public var variables: [String: ValueType]
    /// The namespace in which names are looked up first, such as `com.example`.
    public var container = ""
    /// Off, nothing is checked before it is evaluated: types that do not fit are errors of the evaluation.
    public var isChecked = true
    /// Off, `has`, `all`, `map` and so on are ordinary functions.
    public var expandsMacros = true
    let declarations: Declarations

    /// The standard library and all extensions.
    public init(variables: [String: ValueType] = [:]) {
        self.variables = variables
        declarations = .standard
    }

    /// The standard library, all extensions, and libraries of one's own.
    public init(variables: [String: ValueType] = [:], adding libraries: [Library]) {
        self.variables = variables
        var declarations = Declarations.standard
        for library in libraries { declarations.add(library) }
        self.declarations = declarations
    }

    /// Parses and checks.
    ///
    /// All problems of the expression are told at once.
    public func compile(_ source: String) throws(CompilationError) -> Program {
        try Program(source: source, checked: checked(source), isStrict: isChecked)
    }

    /// Parses and checks, makes nothing to evaluate and looks at no pattern: what cel-go calls compiling.
    package func resultType(of source: String) throws(CompilationError) -> ValueType {
        let checked = try checked(source)
        return checked.type(of: checked.expression)
    }

    private func checked(_ source: String) throws(CompilationError) -> Checked {
        let (expression, count, issues) = Parser.parse(source, expandsMacros: expandsMacros)
        // What could not be parsed has no meaning to check.
        guard issues.isEmpty else { throw CompilationError(issues: issues) }
        var checker = Checker(self, count: count, isStrict: isChecked)
        let checked = checker.run(expression)
        guard checker.issues.isEmpty else {
            throw CompilationError(issues: checker.issues.sorted { $0.offset < $1.offset })
        }
        return checked
    }
}

/// Everything wrong with an expression; never empty.
public struct CompilationError: Error, Sendable {
    public struct Issue: Sendable, Hashable {
        public enum Code: String, Sendable {
            case syntax, undeclaredReference, undefinedField, noMatchingOverload, typeMismatch, invalidLiteral
            case invalidMacro, tooDeep, tooLong, invalidPattern
        }

        public var code: Code
        /// Lower case, no full stop.
        public var message: String
        /// Offset and length in the expression's UTF-8 text.
        public var offset: Int
        public var length: Int
        /// What was probably meant instead of the marked text, such as `failSwapOn`.
        public var suggestion: String?

        public init(_ code: Code, _ message: String, offset: Int, length: Int, suggestion: String? = nil) {
            self.code = code
            self.message = message
            self.offset = offset
            self.length = length
            self.suggestion = suggestion
        }
    }

    public var issues: [Issue]

    public init(issues: [Issue]) { self.issues = issues }
}
