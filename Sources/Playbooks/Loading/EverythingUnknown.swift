internal import CEL

/// A world of which nothing is known: what has a value here has it whatever the facts are.
struct EverythingUnknown: Activation {
    var definitions: [String: Value] = [:]

    func value(of name: String) -> Value? {
        definitions[name] ?? .unknown(UnknownSet(UnknownAttribute(path: [name], reason: "notCollected")))
    }
}
