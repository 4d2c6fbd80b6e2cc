internal import CEL
internal import Facts
internal import Synchronization

/// Takes the pages of a list as they arrive, and keeps what is read of each object; never more of a page than one object
/// and what the network has just brought.
final class ObjectPages: BodyReader {
    private struct State {
        var reader: JSONListReader
        var items: [Value] = []
        /// Whether objects were given, and not a text.
        var isGiven = false
        /// Why an object could not be written.
        var failure: Unknown?
    }

    private static let field = "items"

    private let path: String
    private let isSecret: Bool
    private let projection: Projection
    /// What has to be there of an object that is given.
    let needed: Projection
    private let lists: (any ListRecorder)?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - projection: of an object.
    ///   - lists: takes the objects whole.
    init(_ path: String, reading projection: Projection, isSecret: Bool, into lists: (any ListRecorder)? = nil) {
        self.path = path
        self.isSecret = isSecret
        self.projection = projection
        self.lists = lists
        let needed = lists == nil ? ObjectRedaction.needs(projection) : .whole
        self.needed = needed
        state = Mutex(State(reader: JSONListReader(Self.field, reading: needed)))
    }

    func take(_ piece: UnsafeRawBufferPointer) throws(Unknown) {
        let failure = try read { state throws(JSONError) in
            try unsafe state.reader.take(piece) { add($0, to: &state.items, &state.failure) }
            return state.failure
        }
        if let failure { throw failure }
    }

    /// Takes an object that somebody else has read, as one of the only page.
    func give(_ object: Value) throws(Unknown) {
        let failure = state.withLock { state in
            add(object, to: &state.items, &state.failure)
            return state.failure
        }
        if let failure { throw failure }
    }

    /// Says that all objects are given.
    func endGiving() { state.withLock { $0.isGiven = true } }

    /// What the page says of itself and of the list.
    func endPage() throws(Unknown) -> (token: String, version: String) {
        let end = try read { state throws(JSONError) in
            if state.isGiven { return ("", "") }
            let fields = try state.reader.finish { add($0, to: &state.items, &state.failure) }
            guard state.reader.isFound else {
                throw JSONError(.unexpectedEnd, "it has no field 'items'", offset: 0, line: 1, column: 1)
            }
            state.reader.restart()
            let metadata = fields["metadata"]
            return (metadata?[field: "continue"]?.text ?? "", metadata?[field: "resourceVersion"]?.text ?? "")
        }
        // Large elements are only given at the end of what is read.
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return end
    }

    /// Forgets the objects: the list is begun anew.
    func begin() {
        state.withLock {
            $0.reader.restart()
            $0.items = []
        }
        lists?.restart(Self.field)
    }

    /// The objects so far; they are given away.
    func items() -> [Value] {
        state.withLock { state in
            defer { state.items = [] }
            return state.items
        }
    }

    private func add(_ object: Value, to items: inout [Value], _ failure: inout Unknown?) {
        let whole = ObjectRedaction.redact(object, isSecret: isSecret)
        items.append(projection == needed ? whole : whole.projected(projection))
        guard let lists, failure == nil else { return }
        do throws(Unknown) { try lists.take(whole, of: Self.field) } catch { failure = error }
    }

    private func read<Result>(
        _ body: (inout State) throws(JSONError) -> sending Result
    ) throws(Unknown) -> sending Result {
        do throws(JSONError) {
            return try state.withLock { state throws(JSONError) in try body(&state) }
        } catch {
            throw Unknown(.malformed, "the answer of \(path) is no list of objects: \(error)")
        }
    }
}
