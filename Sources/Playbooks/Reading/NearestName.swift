internal import Facts

/// The name that was probably meant: the one that the fewest slips of the keyboard lead to, if they are few.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let written = Array(name.lowercased().unicodeScalars)
    guard written.count <= 64 else { return nil }
    let most = max(1, written.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != name {
        let other = Array(candidate.lowercased().unicodeScalars)
        guard abs(other.count - written.count) <= most else { continue }
        let distance = editDistance(written, other)
        if distance <= most, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}
