/// The name that was probably meant: the first of those that the fewest slips of the keyboard lead to, if they are few.
///
/// Capitals count for nothing.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let written = letters(of: name)
    guard written.count <= 64 else { return nil }
    let most = max(1, written.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates where candidate != name {
        let other = letters(of: candidate)
        guard abs(other.count - written.count) <= most else { continue }
        let distance = editDistance(written, other, atMost: most)
        if distance <= most, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.name
}

/// Names that may have been meant, at most three, the nearest first: what contains the name, or is a part of it, is
/// nearer than what slips of the keyboard lead to.
package func nearestNames(to name: String, among candidates: [String]) -> [String] {
    let written = letters(of: name)
    // What is longer differs, or does not, in its beginning.
    let length = 128
    let most = max(2, min(written.count, length) / 3)
    let scored = candidates.compactMap { candidate -> (name: String, score: Int)? in
        let other = letters(of: candidate)
        if !written.isEmpty, !other.isEmpty, other.contains(written) || written.contains(other) {
            return (candidate, 1)
        }
        let distance = editDistance(Array(written.prefix(length)), Array(other.prefix(length)), atMost: most)
        return distance <= most ? (candidate, distance + 1) : nil
    }
    return scored.sorted { ($0.score, $0.name) < ($1.score, $1.name) }.prefix(3).map(\.name)
}

private func letters(of name: String) -> [Unicode.Scalar] { Array(name.lowercased().unicodeScalars) }

/// Insertions, deletions, replacements and swaps of neighbours that make one from the other (optimal string alignment);
/// more than the limit where they are more.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], atMost limit: Int) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, letter) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var distance = min(last[column + 1] + 1, current[column] + 1, last[column] + (letter == other ? 0 : 1))
            if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                distance = min(distance, beforeLast[column - 1] + 1)
            }
            current.append(distance)
        }
        // No way on from here is shorter.
        guard current.contains(where: { $0 <= limit }) else { return limit + 1 }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
