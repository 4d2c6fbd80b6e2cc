package import CEL

/// A named, typed value with its source and time, or the reason that it could not be had.
package struct Fact: Sendable {
    /// Which collector was asked, and with which parameters; two playbooks that ask the same share the fact.
    package struct Key: Sendable, Hashable {
        package var collector: String
        /// Canonical JSON of the parameters, `{}` where there are none.
        package var parameters: String

        package init(collector: String, parameters: String = "{}") {
            self.collector = collector
            self.parameters = parameters
        }
    }

    package var key: Key
    package var result: Result<Value, Unknown>
    package var provenance: Provenance
    /// What of the value is there for sure.
    package var reading: Projection

    package init(
        key: Key, result: Result<Value, Unknown>, provenance: Provenance, reading: Projection = .whole
    ) {
        self.key = key
        self.result = result
        self.provenance = provenance
        self.reading = reading
    }

    /// The fact with what the projection reads of it, and nothing else.
    package func projected(_ projection: Projection) -> Fact {
        guard !projection.isWhole, projection != reading, case .success(let value) = result else { return self }
        var fact = self
        fact.result = .success(value.projected(projection))
        fact.reading = projection
        return fact
    }
}

/// Where a fact comes from.
package struct Provenance: Sendable, Hashable {
    package var collector: String
    /// What was asked: a path, a request (`GET https://…/version`) or a command line.
    package var source: String
    package var collectedAt: Timestamp
    package var duration: CEL.Duration

    package init(collector: String, source: String, collectedAt: Timestamp, duration: CEL.Duration) {
        self.collector = collector
        self.source = source
        self.collectedAt = collectedAt
        self.duration = duration
    }
}

/// Why a fact, or a part of one, could not be had.
///
/// Never an empty list, never a default value.
package struct Unknown: Error, Sendable, Hashable {
    package enum Reason: String, Sendable, CaseIterable {
        /// The server or the operating system said no.
        case denied
        /// The thing that would tell does not exist (a file, a command, a resource).
        case notFound
        case timedOut
        /// The question makes no sense here (no etcd on this machine).
        case notApplicable
        case needsRoot
        case noKubeconfig
        /// Not asked: `--offline`, or the snapshot does not hold it.
        case notCollected
        /// The peer could not be reached.
        case unreachable
        /// Somebody removed it on purpose.
        case redacted
        /// Only part of it arrived.
        case truncated
        /// It arrived and could not be read.
        case malformed
        /// Policy forbids the effect (a playbook that is not trusted to run commands).
        case notAllowed
        /// An input that a person must give.
        case inputMissing
    }

    package var reason: Reason
    /// What happened, for people; lower case, no full stop; no secrets.
    package var detail: String
    /// How to get it (a command, a permission); empty when nothing is known.
    package var hint: String

    package init(_ reason: Reason, _ detail: String, hint: String = "") {
        self.reason = reason
        self.detail = detail
        self.hint = hint
    }

    /// As a CEL value, to stand inside a fact of which only this part is missing, or for the whole.
    package var value: Value {
        .unknown(UnknownSet(UnknownAttribute(reason: reason.rawValue, detail: detail, hint: hint)))
    }
}
