/// `in`.
enum Membership {
    static func isMember(_ element: Value, _ container: Value) -> Value {
        switch container {
        case .list(let list):
            var unknowns: UnknownSet?
            for candidate in list.elements where element.isEqual(to: candidate, unknowns: &unknowns) == true {
                return .bool(true)
            }
            return unknowns.map(Value.unknown) ?? .bool(false)
        case .map(let map): return .bool(map[element] != nil)
        default: return .noOverload("@in", element, container)
        }
    }
}
