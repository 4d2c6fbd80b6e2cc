/// A checked expression: the tree with tables beside it, indexed by `Expression.id`.
struct Checked: Sendable {
    /// What a name or a call turned out to be.
    enum Resolution: Sendable {
        /// A variable of the environment, by its full name.
        case variable(String)
        /// Not declared; an error when it is evaluated. Only where checking is off.
        case undeclared(String)
        case constant(Value)
        /// The overloads that may apply; more than one where the arguments' types are not known before they are
        /// evaluated.
        case call([Declarations.Entry], isMember: Bool)
        /// The type that a literal makes a value of.
        case message(any Constructible)
    }

    var expression: Expression
    var types: [ValueType]
    var resolutions: [Resolution?]

    func type(of expression: Expression) -> ValueType { types[expression.id] }
    func resolution(of expression: Expression) -> Resolution? { resolutions[expression.id] }
}
