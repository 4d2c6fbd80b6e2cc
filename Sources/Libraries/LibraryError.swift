/// Why a library was not taken; the state is then as it was before.
package struct LibraryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Stable for ever; callers compare codes, never text.
    package enum Code: String, Sendable, CaseIterable {
        // What is in a package
        case unsafePath, unsafeEntry, tooLarge, malformedArchive, malformedManifest, digestMismatch, duplicateFile
        case permissionsTooNarrow, brokenPlaybook
        // Where it comes from
        case badReference, unreachable, notFound, unauthorized, toolMissing, toolFailed, offline
        // What is pinned
        case locked, malformedLock, downgrade, versionChanged, missingDependency, notInstalled, noGeneration
        // Who vouches for it
        case badSignature, unknownSigner, untrusted, revoked, nameNotGiven, malformedPolicy, malformedSigners
        case consentNeeded, tooYoung, stale, malformedIndex
        // This machine
        case disk, busy
    }

    package var code: Code
    /// Lower case, no full stop.
    package var message: String
    /// What to do about it; empty where nothing is known.
    package var hint: String

    package init(_ code: Code, _ message: String, hint: String = "") {
        self.code = code
        self.message = message
        self.hint = hint
    }

    package var description: String {
        hint.isEmpty ? "\(message) [\(code.rawValue)]" : "\(message); \(hint) [\(code.rawValue)]"
    }
}
