internal import CEL
internal import Facts
internal import YAML

/// The Kubernetes objects of one file, as kubectl and its like write them: lists, single objects, bare arrays, several
/// documents behind each other; JSON or YAML.
struct ObjectFile: Sendable {
    struct Part: Sendable {
        /// `PodList`, `List`, `Pod`; empty for a bare array.
        var kind: String
        var apiVersion: String
        var items: [Value]
        var isList: Bool
    }

    var parts: [Part]

    /// For whole lists: a cluster's pods may be hundreds of megabytes, and other tools' YAML has no anchors.
    static let limits = Limits(
        bytes: 256 << 20, depth: 128, nodes: 20_000_000, aliases: 100, scalarBytes: 16 << 20, conformance: .asGoReads)
    static let mostBytes = 1 << 30

    init(_ bytes: [UInt8], path: String) throws(Unknown) {
        let documents: [Value]
        if isYAML(path) {
            let result = YAML.parse(bytes, limits: Self.limits)
            if let error = result.errors.first {
                throw Unknown(
                    .malformed, "\(path):\(error.mark.line):\(error.mark.column): \(error.message)")
            }
            documents = result.documents.map(\.celValue)
        } else {
            documents = try Self.json(bytes, path: path)
        }
        parts = documents.compactMap(Part.init)
    }

    private static func json(_ bytes: [UInt8], path: String) throws(Unknown) -> [Value] {
        do throws(JSONError) {
            return [try Value.parseJSON(bytes, limits: JSONLimits(bytes: mostBytes))]
        } catch {
            throw Unknown(.malformed, "\(path):\(error)")
        }
    }
}

extension ObjectFile.Part {
    /// `nil` for what is no Kubernetes object.
    init?(_ document: Value) {
        if let items = document.elements {
            // Troubleshoot wrote the bare items of its lists before it wrote whole lists.
            guard items.allSatisfy({ $0[field: "metadata"] != nil }) else { return nil }
            self.init(kind: "", apiVersion: "", items: items, isList: true)
            return
        }
        guard case .map = document, let kind = document[field: "kind"]?.text else { return nil }
        let apiVersion = document[field: "apiVersion"]?.text ?? ""
        let items = document[field: "items"]
        if kind.hasSuffix("List"), items != nil || document[field: "metadata"]?[field: "name"] == nil {
            self.init(kind: kind, apiVersion: apiVersion, items: items?.elements ?? [], isList: true)
        } else if document[field: "metadata"]?[field: "name"] != nil {
            self.init(kind: kind, apiVersion: apiVersion, items: [document], isList: false)
        } else {
            return nil
        }
    }

    /// What an item is, by itself or by its list: `nil` where neither says.
    func type(of item: Value) -> ObjectType? {
        if let kind = item[field: "kind"]?.text {
            return ObjectType(kind: kind, apiVersion: item[field: "apiVersion"]?.text ?? apiVersion)
        }
        return type
    }

    /// What every item of a list of one kind is, even where there is none.
    var type: ObjectType? {
        guard kind != "List", !kind.isEmpty else { return nil }
        return ObjectType(kind: isList ? String(kind.dropLast("List".count)) : kind, apiVersion: apiVersion)
    }
}

/// A kind of object with the group and version that it is written in.
struct ObjectType: Sendable, Hashable {
    var kind: String
    var group: String
    var version: String
    var plural: String

    init(kind: String, apiVersion: String) {
        self.init(plural: Self.plural(of: kind), apiVersion: apiVersion)
        self.kind = kind
    }

    init(plural: String, apiVersion: String) {
        kind = ""
        self.plural = plural
        let parts = apiVersion.split(separator: "/").map(String.init)
        group = parts.count > 1 ? parts[0] : ""
        version = parts.last ?? ""
    }

    /// The plural as the API's own kinds have it (apimachinery, `UnsafeGuessKindToResource`).
    private static func plural(of kind: String) -> String {
        let name = kind.lowercased()
        if name.hasSuffix("endpoints") { return name }
        if name.hasSuffix("s") || name.hasSuffix("x") || name.hasSuffix("ch") { return name + "es" }
        guard name.hasSuffix("y"), let before = name.dropLast().last, !"aeiou".contains(before) else {
            return name + "s"
        }
        return name.dropLast() + "ies"
    }
}
