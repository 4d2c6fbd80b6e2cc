/// Why an archive cannot be read or written.
package struct ArchiveError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        /// It is something else.
        case notAnArchive
        /// Its end is missing: it was not written to the end, or not copied whole.
        case truncated
        /// What is there is not what was written.
        case damaged
        /// More members, more bytes or a higher compression than is taken.
        case tooLarge
        /// A member's path leads out of the archive, or its entry is no regular file.
        case unsafeEntry
        /// The operating system said no.
        case disk
    }

    package var code: Code
    /// Lower case, no full stop.
    package var message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
}
