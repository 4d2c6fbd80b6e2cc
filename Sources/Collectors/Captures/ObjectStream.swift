internal import CEL
internal import Facts
internal import YAML

/// Reads the objects of a large file one after the other: of each only what is read stays, so that memory grows with
/// that and not with the file.
///
/// JSON of every form that `ObjectFile` takes; YAML where each item of a list begins with a dash at the same column, as
/// every tool writes it.
struct ObjectStream {
    struct Found {
        /// What was kept of each, and whether the object itself says of which type it is.
        var objects: [(value: Value, saysType: Bool)] = []
        /// What those are that do not say it.
        var listType: ObjectType?
        /// Whether these are all that the file's maker had; `false`: some that somebody picked.
        var isList = true
    }

    /// What is kept of an object, given with the type that it says itself; `nil`: nothing.
    typealias Keep = (_ object: Value, _ own: ObjectType?) -> Value?

    /// What this needs of each object beside what others read.
    static let typeFields = Projection(paths: ["kind", "apiVersion", "metadata"])

    private let tree: any CaptureTree
    private let path: String
    private let projection: Projection
    private let keep: Keep

    /// - Parameter projection: what is read of each object.
    static func read(
        _ path: String, in tree: any CaptureTree, reading projection: Projection, keep: @escaping Keep
    ) throws(Unknown) -> Found {
        let stream = ObjectStream(
            tree: tree, path: path, projection: projection.union(typeFields), keep: keep)
        if let found = isYAML(path) ? try stream.yaml() : try stream.json() { return found }
        return try stream.whole()
    }

    // MARK: - JSON

    /// `nil` where the file is of another form.
    private func json() throws(Unknown) -> Found? {
        var found = Found()
        var reader: JSONListReader?
        var (isBare, areObjects) = (false, true)
        let take: (Value) -> Void = { object in
            areObjects = areObjects && object[field: "metadata"] != nil
            let own = ObjectType(of: object)
            if let kept = keep(object, own) { found.objects.append((kept, own != nil)) }
        }
        func told<Result>(_ body: () throws(JSONError) -> Result) throws(Unknown) -> Result {
            do throws(JSONError) { return try body() } catch { throw Unknown(.malformed, "\(path):\(error)") }
        }
        try unsafe tree.stream(path, limit: ObjectFile.mostBytes) { (piece) throws(Unknown) in
            if reader == nil {
                guard let first = unsafe piece.first(where: { $0 > 0x20 && $0 < 0x80 }) else { return }
                isBare = first == UInt8(ascii: "[")
                reader = JSONListReader(isBare ? nil : "items", reading: projection)
            }
            try told { () throws(JSONError) in try unsafe reader?.take(piece, take) }
        }
        guard reader != nil, let fields = try told({ () throws(JSONError) in try reader?.finish(take) }) else {
            throw Unknown(.malformed, "\(path) is empty")
        }
        if isBare { return areObjects ? found : Found(isList: false) }
        guard reader?.isFound == true else { return Found(of: [ObjectFile.Part(.map(fields))], projection, keep) }
        guard let kind = fields["kind"]?.text else { return Found(isList: false) }
        guard kind.hasSuffix("List") || fields["metadata"]?[field: "name"] == nil else { return nil }
        found.listType = listType(kind, fields["apiVersion"])
        return found
    }

    // MARK: - YAML

    private func yaml() throws(Unknown) -> Found? {
        var found = Found()
        var lines = YAMLItems()
        var failure: Unknown?
        func take(_ item: YAMLItems.Item) {
            let result = YAML.parse(item.text, limits: ObjectFile.limits)
            if let error = result.errors.first {
                let line = error.mark.line + item.line - 1
                failure = failure ?? Unknown(.malformed, "\(path):\(line):\(error.mark.column): \(error.message)")
                return
            }
            guard let object = result.documents.first?.celValue.elements?.first else { return }
            let own = ObjectType(of: object)
            if let kept = keep(object.projected(projection), own) { found.objects.append((kept, own != nil)) }
        }
        try unsafe tree.stream(path, limit: ObjectFile.mostBytes) { (piece) throws(Unknown) in
            unsafe lines.take(piece, take)
            if let failure { throw failure }
        }
        lines.finish(take)
        if let failure { throw failure }
        guard lines.isUsual else { return nil }
        let rest = YAML.parse(lines.rest, limits: ObjectFile.limits)
        guard rest.errors.isEmpty, rest.documents.count == 1, let header = rest.documents.first?.celValue,
            let kind = header[field: "kind"]?.text, kind.hasSuffix("List")
        else { return nil }
        found.listType = listType(kind, header[field: "apiVersion"])
        return found
    }

    private func listType(_ kind: String, _ version: Value?) -> ObjectType? {
        ObjectFile.Part(kind: kind, apiVersion: version?.text ?? "", items: [], isList: true).type
    }

    // MARK: - Anything else

    private func whole() throws(Unknown) -> Found {
        let file = try ObjectFile(try tree.read(path, limit: ObjectFile.mostBytes), path: path)
        return Found(of: file.parts, projection, keep)
    }
}

extension ObjectStream.Found {
    fileprivate init(of parts: [ObjectFile.Part?], _ projection: Projection, _ keep: ObjectStream.Keep) {
        let parts = parts.compactMap(\.self)
        isList = !parts.isEmpty && parts.allSatisfy(\.isList)
        listType = parts.count == 1 ? parts.first?.type : nil
        for part in parts {
            for item in part.items {
                let type = part.type(of: item)
                if let kept = keep(item.projected(projection), type) { objects.append((kept, type != nil)) }
            }
        }
    }
}

func isYAML(_ path: String) -> Bool { path.hasSuffix(".yaml") || path.hasSuffix(".yml") }

extension ObjectType {
    /// What an object says that it is.
    init?(of object: Value) {
        guard let kind = object[field: "kind"]?.text, let version = object[field: "apiVersion"]?.text else {
            return nil
        }
        self.init(kind: kind, apiVersion: version)
    }
}

/// Cuts the items of `items:` out of a YAML text by its lines, as it comes in.
///
/// A block of the text that is no item, which can only stand further to the right, has no line that begins with a dash at
/// the items' column.
struct YAMLItems {
    struct Item {
        var text: [UInt8]
        /// Its first line's number.
        var line: Int
    }

    private enum Place { case before, items, after }

    /// Everything but the items: what the list says of itself.
    private(set) var rest: [UInt8] = []
    /// Whether the items could be told from the rest.
    private(set) var isUsual = true
    private var place = Place.before
    private var column = -1
    private var pending: [UInt8] = []
    private var item = Item(text: [], line: 0)
    private var line = 0

    /// What is longer is no list that is worth it.
    private static let mostOfRest = 1 << 20

    mutating func take(_ piece: UnsafeRawBufferPointer, _ use: (Item) -> Void) {
        unsafe pending.append(contentsOf: piece)
        var start = 0
        while let end = pending[start...].firstIndex(of: 0x0A) {
            add(pending[start..<end], use)
            start = end + 1
        }
        pending.removeFirst(start)
    }

    mutating func finish(_ use: (Item) -> Void) {
        if !pending.isEmpty { add(pending[...], use) }
        pending = []
        give(use)
        // No list of items, or one that is written in another way.
        if place == .before { isUsual = false }
    }

    private mutating func add(_ bytes: ArraySlice<UInt8>, _ use: (Item) -> Void) {
        line += 1
        guard isUsual else { return }
        let indent = bytes.prefix { $0 == 0x20 }.count
        let text = bytes.dropFirst(indent)
        let isBlank = text.allSatisfy { $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }
        // Several documents in one file.
        if indent == 0, text.starts(with: Array("---".utf8)), line > 1 || place != .before { isUsual = false }
        switch place {
        case .before, .after: addRest(bytes)
        case .items where isBlank: item.text += bytes + [0x0A]
        case .items
        where text.first == UInt8(ascii: "-") && (text.count == 1 || text.dropFirst().first == 0x20)
            && (column < 0 || indent == column):
            column = indent
            give(use)
            item = Item(text: bytes + [0x0A], line: line)
        case .items where column >= 0 && indent > column: item.text += bytes + [0x0A]
        case .items where text.first == UInt8(ascii: "#"): break
        case .items where column >= 0 && indent == 0:
            give(use)
            place = .after
            addRest(bytes)
        case .items: isUsual = false
        }
    }

    private mutating func addRest(_ bytes: ArraySlice<UInt8>) {
        rest += bytes + [0x0A]
        if rest.count > Self.mostOfRest { isUsual = false }
        guard bytes.starts(with: Array("items:".utf8)),
            bytes.dropFirst(6).allSatisfy({ $0 == 0x20 || $0 == 0x0D })
        else { return }
        // Twice would be an error, which is told by who reads it as a whole.
        if place == .after { isUsual = false }
        place = .items
    }

    private mutating func give(_ use: (Item) -> Void) {
        guard !item.text.isEmpty else { return }
        if item.line > 0 { use(item) }
        item = Item(text: [], line: 0)
    }
}
