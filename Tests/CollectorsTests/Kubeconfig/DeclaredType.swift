import CEL
import Testing

/// Fails where a value holds something that its declaration does not promise: conditions are checked against that.
func expectFits(_ value: Value, _ type: ValueType, _ path: String, _ location: SourceLocation = #_sourceLocation) {
    switch (value, type) {
    case (.unknown, _), (_, .dyn), (.bool, .bool), (.int, .int), (.string, .string), (.timestamp, .timestamp),
        (.duration, .duration), (.double, .double):
        break
    case (.list(let list), .list(let element)):
        for (index, item) in list.enumerated() { expectFits(item, element, "\(path)[\(index)]", location) }
    case (.map(let map), .map(_, let element)):
        for (key, item) in map.entries { expectFits(item, element, "\(path)[\(key)]", location) }
    case (.map(let map), .object(let fields)):
        for (key, item) in map.entries {
            guard case .string(let name) = key, let field = fields[name] else {
                Issue.record("\(path) declares no field \(key)", sourceLocation: location)
                continue
            }
            expectFits(item, field, "\(path).\(name)", location)
        }
    default: Issue.record("\(path) is \(value), not \(type)", sourceLocation: location)
    }
}
