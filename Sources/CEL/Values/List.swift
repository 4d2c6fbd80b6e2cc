internal import Synchronization

/// A list: an array, or one that is made when it is first looked at.
public struct List: Sendable, ExpressibleByArrayLiteral, RandomAccessCollection {
    private enum Storage {
        case eager([Value])
        case lazy(LazyList)
    }

    private var storage: Storage

    public init(_ elements: some Sequence<Value>) { storage = .eager(Array(elements)) }
    public init(arrayLiteral elements: Value...) { storage = .eager(elements) }

    /// A list whose elements are made when one of them is first asked for, at most once for each thread that asks at
    /// the same time: how a tree of another kind is bridged one level at a time.
    public init(lazily make: @escaping @Sendable () -> [Value]) { storage = .lazy(LazyList(make)) }

    public var elements: [Value] {
        get {
            switch storage {
            case .eager(let elements): elements
            case .lazy(let list): list.elements
            }
        }
        set { storage = .eager(newValue) }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Value { elements[position] }

    /// Which memory the elements stand in.
    ///
    /// As long as somebody holds the list, no other one has the same.
    var identity: UInt {
        unsafe elements.withUnsafeBufferPointer { buffer in UInt(bitPattern: buffer.baseAddress) }
    }
}

private final class LazyList: Sendable {
    private final class Made: Sendable {
        let elements: [Value]
        init(_ elements: [Value]) { self.elements = elements }
    }

    private let made = AtomicLazyReference<Made>()
    private let make: @Sendable () -> [Value]

    init(_ make: @escaping @Sendable () -> [Value]) { self.make = make }

    var elements: [Value] {
        if let made = made.load() { return made.elements }
        return made.storeIfNil(Made(make())).elements
    }
}
