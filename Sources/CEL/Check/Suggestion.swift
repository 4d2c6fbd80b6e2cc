/// The nearest of the names that exist, if one is near enough to have been meant.
func suggestion(for name: String, among names: some Sequence<String>) -> String? {
    let written = Array(name.utf8)
    let limit = max(1, written.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in names {
        let bytes = Array(candidate.utf8)
        guard abs(bytes.count - written.count) <= limit else { continue }
        let distance = editDistance(written, bytes, atMost: limit)
        guard distance <= limit, distance > 0 else { continue }
        if let current = best, (current.distance, current.name) <= (distance, candidate) { continue }
        best = (candidate, distance)
    }
    return best?.name
}

/// How many letters to insert, delete, replace or swap with their neighbour (optimal string alignment).
private func editDistance(_ first: [UInt8], _ second: [UInt8], atMost limit: Int) -> Int {
    var beforePrevious: [Int] = []
    var previous = Array(0...second.count)
    for (row, letter) in first.enumerated() {
        var current = [row + 1]
        for (column, other) in second.enumerated() {
            let isSame = letter | 0x20 == other | 0x20
            var distance = min(current[column] + 1, previous[column + 1] + 1, previous[column] + (isSame ? 0 : 1))
            if row > 0, column > 0, letter == second[column - 1], first[row - 1] == other {
                distance = min(distance, beforePrevious[column - 1] + 1)
            }
            current.append(distance)
        }
        guard (current.min() ?? 0) <= limit else { return limit + 1 }
        beforePrevious = previous
        previous = current
    }
    // Same letters in another case are one mistake, not none.
    return previous[second.count] == 0 && first != second ? 1 : previous[second.count]
}
