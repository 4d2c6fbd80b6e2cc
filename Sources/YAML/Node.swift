/// A place in a YAML text.
///
/// Lines and columns count from one, columns in Unicode scalars; `offset` is in UTF-8 bytes.
package struct Mark: Sendable, Hashable, Comparable {
    // 32 bits each: a node carries six of them, and texts are limited to far less than 4 GiB.
    private var storedLine: UInt32
    private var storedColumn: UInt32
    private var storedOffset: UInt32

    package var line: Int {
        get { Int(storedLine) }
        set { storedLine = UInt32(clamping: newValue) }
    }
    package var column: Int {
        get { Int(storedColumn) }
        set { storedColumn = UInt32(clamping: newValue) }
    }
    package var offset: Int {
        get { Int(storedOffset) }
        set { storedOffset = UInt32(clamping: newValue) }
    }

    package init(line: Int, column: Int, offset: Int) {
        storedLine = UInt32(clamping: line)
        storedColumn = UInt32(clamping: column)
        storedOffset = UInt32(clamping: offset)
    }

    package static func < (left: Mark, right: Mark) -> Bool { left.storedOffset < right.storedOffset }
}

/// From the first character of a node to just behind its last.
package struct Span: Sendable, Hashable {
    package var start: Mark
    package var end: Mark

    package init(start: Mark, end: Mark) {
        self.start = start
        self.end = end
    }
}

/// A node of a YAML document with its place in the text; aliases are already followed.
package struct Node: Sendable {
    package enum Content: Sendable {
        case scalar(Scalar)
        case sequence([Node])
        case mapping([Entry])
    }

    /// One `key: value` of a mapping, in the order of the text.
    package struct Entry: Sendable {
        package var key: Node
        package var value: Node

        package init(key: Node, value: Node) {
            self.key = key
            self.value = value
        }
    }

    package var content: Content
    /// Where an alias stands for the node: the place of the alias.
    package var span: Span
    /// An explicit tag such as `!!str` (written in full: `tag:yaml.org,2002:str`), `nil` where the text has none.
    package var tag: String?

    package init(content: Content, span: Span, tag: String? = nil) {
        self.content = content
        self.span = span
        self.tag = tag
    }
}

/// A scalar as written; `resolved` reads it by the YAML 1.2 core schema.
package struct Scalar: Sendable, Hashable {
    package enum Style: Sendable { case plain, singleQuoted, doubleQuoted, literal, folded }

    package var text: String
    package var style: Style

    package init(text: String, style: Style) {
        self.text = text
        self.style = style
    }
}

/// What a scalar means under the YAML 1.2 core schema.
package enum CoreValue: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    /// An integer between `Int64.max` and `UInt64.max`.
    case uint(UInt64)
    /// A float, or an integer that 64 bits cannot hold.
    case double(Double)
    case string(String)
}
