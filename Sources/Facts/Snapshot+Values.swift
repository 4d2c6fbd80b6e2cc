package import CEL

/// Values in a snapshot: plain JSON, with a tag where JSON lacks the type and the declaration does not tell it.
///
/// `{"$timestamp": "…"}`, `$duration`, `$bytes`, `$uint`, `$double`, `$unknown`, `$entries` (a map with keys that are
/// no strings), and `$map` around a map that looks like a tag itself.
package enum SnapshotValue {
    package static func encode(_ value: Value, as type: ValueType) -> Value {
        switch value {
        case .null, .bool, .string: return value
        case .int: return value
        case .uint(let number): return type.isPlain(.uint) ? value : tag("uint", .string(String(number)))
        case .double(let number):
            guard number.isFinite else { return tag("double", .string(String(number))) }
            return value
        case .bytes: return type.isPlain(.bytes) ? value : tag("bytes", value)
        case .timestamp(let time):
            return type.isPlain(.timestamp) ? value : tag("timestamp", .string(time.description))
        case .duration(let duration):
            return type.isPlain(.duration) ? value : tag("duration", .string(duration.description))
        case .list(let list):
            return .list(List(list.map { encode($0, as: type.element) }))
        case .map(let map): return encode(map, as: type)
        case .unknown(let set): return tag("unknown", .list(List(set.sorted.map(\.document))))
        case .error(let error): return tag("unknown", .list([Unknown(.malformed, error.message).document]))
        case .type, .opaque, .optional: return .string(value.description)
        }
    }

    private static func encode(_ map: Map, as type: ValueType) -> Value {
        let keys = map.entries.map(\.key)
        let names = keys.compactMap { if case .string(let name) = $0 { name } else { nil } }
        guard names.count == keys.count else {
            return tag(
                "entries",
                .list(
                    List(
                        map.entries.map { .list([encode($0.key, as: .dyn), encode($0.value, as: type.field(""))]) })))
        }
        let encoded = Value.map(
            Map(zip(names, map.entries).map { (.string($0), encode($1.value, as: type.field($0))) }))
        return names.count == 1 && names[0].hasPrefix("$") ? tag("map", encoded) : encoded
    }

    private static func tag(_ name: String, _ value: Value) -> Value { .map(Map([(.string("$" + name), value)])) }

    package static func decode(_ value: Value) -> Value { decoded(value) ?? value }

    /// `nil` where it holds no tags: then it stays the one that others share.
    private static func decoded(_ value: Value) -> Value? {
        switch value {
        case .list(let list): return list.changed(decoded).map { .list($0) }
        case .map(let map):
            if map.count == 1, let entry = map.entries.first, case .string(let name) = entry.key, name.hasPrefix("$"),
                let untagged = untag(name, entry.value)
            {
                return untagged
            }
            return map.changed { EntryChange(decoded($1)) }.map { .map($0) }
        default: return nil
        }
    }

    private static func plain(_ map: Map) -> Value { .map(map.changed { EntryChange(decoded($1)) } ?? map) }

    /// `nil` where the tag is none of ours.
    private static func untag(_ name: String, _ value: Value) -> Value? {
        switch (name, value) {
        case ("$uint", .string(let text)): UInt64(text).map { .uint($0) }
        case ("$double", .string(let text)): Double(text).map { .double($0) }
        case ("$bytes", .string(let text)): [UInt8](base64: text).map { .bytes($0) }
        case ("$timestamp", .string(let text)): Timestamp(rfc3339: text).map { .timestamp($0) }
        case ("$duration", .string(let text)): CEL.Duration(text: text).map { .duration($0) }
        case ("$map", .map(let map)): plain(map)
        case ("$entries", .list(let list)): entries(list)
        case ("$unknown", .list(let list)):
            .unknown(UnknownSet(Set(list.compactMap { Unknown(document: $0)?.attribute })))
        default: nil
        }
    }

    private static func entries(_ list: List) -> Value? {
        var entries: [(key: Value, value: Value)] = []
        for case .list(let pair) in list where pair.count == 2 { entries.append((decode(pair[0]), decode(pair[1]))) }
        return entries.count == list.count ? .map(Map(entries)) : nil
    }
}

extension ValueType {
    /// Whether a reader that knows this type reads the other back from plain JSON.
    fileprivate func isPlain(_ other: ValueType) -> Bool {
        switch self {
        case .nullable(let inner), .optional(let inner): inner.isPlain(other)
        default: self == other
        }
    }

    package var element: ValueType {
        switch self {
        case .list(let element): element
        case .nullable(let inner), .optional(let inner): inner.element
        default: .dyn
        }
    }

    package func field(_ name: String) -> ValueType {
        switch self {
        case .object(let fields): fields[name] ?? .dyn
        case .map(_, let value): value
        case .nullable(let inner), .optional(let inner): inner.field(name)
        default: .dyn
        }
    }
}

extension UnknownSet {
    fileprivate var sorted: [Unknown] {
        attributes.sorted { ($0.reason, $0.detail, $0.hint) < ($1.reason, $1.detail, $1.hint) }.map {
            Unknown(Unknown.Reason(rawValue: $0.reason) ?? .notCollected, $0.detail, hint: $0.hint)
        }
    }
}

extension Unknown {
    fileprivate var attribute: UnknownAttribute {
        UnknownAttribute(reason: reason.rawValue, detail: detail, hint: hint)
    }

    /// As it stands in a snapshot.
    package var document: Value {
        var map: [String: Value] = ["reason": .string(reason.rawValue)]
        if !detail.isEmpty { map["detail"] = .string(detail) }
        if !hint.isEmpty { map["hint"] = .string(hint) }
        return .map(Map(map))
    }

    /// A reason that this version does not know is at least not collected.
    package init?(document: Value) {
        guard case .map(let map) = document, case .string(let reason)? = map["reason"] else { return nil }
        var detail = ""
        var hint = ""
        if case .string(let text)? = map["detail"] { detail = text }
        if case .string(let text)? = map["hint"] { hint = text }
        self.init(Unknown.Reason(rawValue: reason) ?? .notCollected, detail, hint: hint)
    }
}
