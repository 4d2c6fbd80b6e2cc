package import CEL
internal import YAML

/// A cause that somebody knows and accepts for a while.
package struct Suppression: Sendable, Hashable {
    /// Where it holds: each of these as `*` patterns of what a diagnosis is about; absent ones hold everywhere.
    package struct Scope: Sendable, Hashable {
        package var context: String?
        package var server: String?
        package var platform: String?

        package init(context: String? = nil, server: String? = nil, platform: String? = nil) {
            self.context = context
            self.server = server
            self.platform = platform
        }

        package func holds(context: String, server: String, platform: String) -> Bool {
            matches(self.context, context) && matches(self.server, server) && matches(self.platform, platform)
        }

        private func matches(_ pattern: String?, _ text: String) -> Bool {
            pattern.map { isMatch(Array($0.utf8)[...], Array(text.utf8)[...]) } ?? true
        }
    }

    /// `playbook/cause`.
    package var cause: String
    package var scope: Scope
    package var owner: String
    package var reason: String
    /// From then on the cause speaks up again.
    package var expires: Timestamp
    package var location: Location

    package init(
        cause: String, scope: Scope, owner: String, reason: String, expires: Timestamp, location: Location
    ) {
        self.cause = cause
        self.scope = scope
        self.owner = owner
        self.reason = reason
        self.expires = expires
        self.location = location
    }
}

/// `*` stands for any text, also for none; everything else for itself.
private func isMatch(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    let parts = pattern.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else { return pattern.elementsEqual(text) }
    guard text.starts(with: first), text.count >= first.count + last.count, text.suffix(last.count).elementsEqual(last)
    else { return false }
    var rest = text.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
        // The first place is the best one: it leaves the most for the rest.
        guard
            let place = rest.indices.first(where: { rest[$0...].starts(with: part) })
        else { return false }
        rest = rest[(place + part.count)...]
    }
    return true
}

extension Suppression {
    /// Reads a file of suppressions; entries with problems suppress nothing.
    ///
    /// - Parameter causes: `playbook/cause` of those in force, so that a misspelt one is told.
    package static func load(
        _ bytes: [UInt8], file: String, causes: [String]
    ) -> (suppressions: [Suppression], problems: [Problem]) {
        let reading = FileReading(bytes, file: file, kind: "Suppressions", shape: .suppressions)
        var problems = reading.problems
        var suppressions: [Suppression] = []
        for document in reading.documents where document.isSound {
            for node in document.root.elements("suppressions") {
                guard let entry = Mapping(node), let causeNode = entry["cause"], let cause = causeNode.text,
                    let expiryNode = entry["expires"]
                else { continue }
                guard cause.contains("/") else {
                    problems.append(
                        Problem(
                            .invalidName,
                            "\(cause.quotedForMessage) does not say of which playbook; expected playbook/cause",
                            at: reading.source.location(of: causeNode)))
                    continue
                }
                guard let expires = expiryNode.text.flatMap(Timestamp.init(endOf:)) else {
                    problems.append(
                        Problem(
                            .invalidValue,
                            "\((expiryNode.text ?? "").quotedForMessage) is no day; expected one such as 2027-01-31"
                                + " (its end counts), or a time such as 2027-01-31T12:00:00Z",
                            at: reading.source.location(of: expiryNode)))
                    continue
                }
                problems += unknownCause(cause, at: reading.source.location(of: causeNode), among: causes)
                let scope = entry.mapping("scope")
                suppressions.append(
                    Suppression(
                        cause: cause,
                        scope: Scope(
                            context: scope?.text("context"), server: scope?.text("server"),
                            platform: scope?.text("platform")),
                        owner: entry.text("owner") ?? "", reason: entry.text("reason") ?? "", expires: expires,
                        location: reading.source.location(of: causeNode)))
            }
        }
        return (suppressions, problems.inOrderOfPlace)
    }

    /// A warning, since its library may just not be in force here.
    private static func unknownCause(_ name: String, at location: Location, among all: [String]) -> [Problem] {
        guard !all.contains(name) else { return [] }
        let nearest = nearestName(to: name, among: all)
        return [
            Problem(
                .unknownCause, "there is no cause \(name.quotedForMessage) to suppress" + didYouMean(nearest),
                at: location, severity: .warning, suggestion: nearest)
        ]
    }
}

extension Timestamp {
    /// A time, or the end of a day in UTC.
    fileprivate init?(endOf text: String) {
        if let time = Timestamp(rfc3339: text) {
            self = time
        } else if let day = Timestamp(rfc3339: text + "T00:00:00Z") {
            self = Timestamp(seconds: day.seconds + 86_400)
        } else {
            return nil
        }
    }
}
