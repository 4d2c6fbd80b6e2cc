/// What tells that the files of a folder are those of an earlier time, without reading them.
///
/// It holds, of every file that counts, its name, kind, number, size and time of change: that which the system sets and
/// no program can, to the nanosecond. It is for a person's own folders only, and says which of them need not be read
/// anew; what is used of them is read and compared with its digest all the same.
package struct FolderSignature: Sendable, Hashable {
    package var bytes: [UInt8]
    /// The latest change, in seconds: what changed a moment ago may change again within the same tick of the clock.
    package var newest: Int64

    package init(bytes: [UInt8], newest: Int64) {
        self.bytes = bytes
        self.newest = newest
    }
}

extension Effects {
    package func signature(of path: String, endings: [String]) async throws(Unknown) -> FolderSignature {
        throw Unknown(.notCollected, "nobody looked at the times of \(path)")
    }
}
