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

/// Insertions, deletions, replacements and swaps of neighbours that make one from the other (optimal string alignment).
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...right.count)
    for (row, character) in left.enumerated() {
        var current = [row + 1]
        for (column, other) in right.enumerated() {
            var distance = min(last[column + 1] + 1, current[column] + 1, last[column] + (character == other ? 0 : 1))
            if row > 0, column > 0, character == right[column - 1], left[row - 1] == other {
                distance = min(distance, beforeLast[column - 1] + 1)
            }
            current.append(distance)
        }
        beforeLast = last
        last = current
    }
    return last[right.count]
}
