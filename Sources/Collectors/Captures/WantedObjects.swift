internal import CEL
internal import Facts

/// Which objects are asked for, and what is read of each.
struct WantedObjects {
    var location: ResourceLocation
    /// Empty: those of all namespaces.
    var namespace = ""
    /// `nil`: those of every name.
    var name: String?
    var selectors: ObjectSelectors?
    var reading = Projection.whole

    /// What has to be there of an object to tell whether it is one, and what is read of it.
    var needs: Projection {
        let identity = Projection(paths: ["metadata.name", "metadata.namespace"])
        return reading.union(identity).union(selectors?.reads ?? .nothing)
    }

    func covers(_ type: ObjectType) -> Bool { type.plural == location.plural && type.group == location.group }

    /// The version of the type, where it is another one than is asked for.
    func otherVersion(_ type: ObjectType) -> String? {
        type.version.isEmpty || type.version == location.version ? nil : type.version
    }

    func selects(_ object: Value) -> Bool {
        let metadata = object[field: "metadata"]
        if let name, metadata?[field: "name"]?.text != name { return false }
        if !namespace.isEmpty, location.isNamespaced, metadata?[field: "namespace"]?.text != namespace { return false }
        return selectors?.select(object) ?? true
    }
}

extension Value {
    /// With what the projection reads and nothing else, as `projected`; what is whole already stays the value that others
    /// share.
    func reduced(to projection: Projection) -> Value { change(to: projection) ?? self }

    private func change(to projection: Projection) -> Value? {
        guard !projection.isWhole else { return nil }
        switch self {
        case .list(let list):
            guard let elements = projection.elements else { return list.isEmpty ? nil : .list([]) }
            return list.changed { $0.change(to: elements) }.map { .list($0) }
        case .map(let map):
            return map.changed { key, value in
                guard let kept = key.text.flatMap({ projection[$0] }) ?? projection.elements else { return .isDropped }
                return EntryChange(value.change(to: kept))
            }.map { .map($0) }
        default: return nil
        }
    }
}
