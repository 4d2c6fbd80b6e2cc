package import CEL

extension Value {
    /// As it stands in a sentence or an argument: text bare, times as RFC 3339, lists and maps as JSON.
    package var text: String {
        switch self {
        case .string(let text): text
        case .timestamp(let time): time.description
        case .duration(let duration): duration.description
        case .opaque(let opaque): opaque.description
        case .type(let type): type.name
        case .uint(let number): String(number)
        case .null, .bool, .int, .double, .optional, .unknown, .error: description
        case .bytes, .list, .map:
            (try? JSONWriter(substitute: { .string($0.description) }).string(self)) ?? description
        }
    }
}
