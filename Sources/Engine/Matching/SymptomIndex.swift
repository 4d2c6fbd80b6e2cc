package import Playbooks

/// Which playbooks of a large library may show a symptom in a text, found without building anything of all of them.
///
/// Every needle of a symptom is known by six bytes of its skeleton in a row, those that the fewest other needles have.
/// A playbook of which no needle's six bytes are in the text cannot match; the others are searched for in earnest. The
/// six bytes stand in buckets by their hash, which are looked up where they are.
package struct SymptomIndex: Sendable {
    private static let gramLength = 6
    private static let gramMask: UInt64 = (1 << 48) - 1
    private static let entryLength = 12

    private let bytes: [UInt8]
    /// Playbooks of which nothing can be said beforehand.
    private let always: [Int]
    private let bucketBits: Int
    /// Where the table of the buckets' ends begins, and where the entries do.
    private let table: Int
    private let entries: Int
    /// The words of symptoms, for texts that show none.
    let words: WordIndex

    /// - Parameter bytes: as `bytes(of:)` made them; `nil` where they are not.
    init?(_ bytes: [UInt8]) {
        do throws(MalformedIndex) {
            var reader = IndexReader(bytes)
            words = try WordIndex(bytes, try reader.section())
            always = try reader.list { reader throws(MalformedIndex) in try reader.number() }
            bucketBits = try reader.number()
            let count = try reader.number()
            guard (1...20).contains(bucketBits) else { return nil }
            table = reader.offset
            entries = table + 4 << bucketBits
            guard bytes.count == entries + Self.entryLength * count else { return nil }
            self.bytes = bytes
        } catch {
            return nil
        }
    }

    package static func bytes(of outlines: [PlaybookOutline]) -> [UInt8] {
        var always: Set<Int> = []
        var needles: [(owner: Int, grams: [UInt64])] = []
        var counts: [UInt64: Int] = [:]
        let hints = outlines.concurrentMap { outline in
            outline.symptoms.map { SymptomMatcher.hints(of: $0).needles?.map(Self.grams) }
        }
        for (index, hints) in hints.enumerated() {
            for found in hints {
                guard let found, !found.contains(where: \.isEmpty) else {
                    always.insert(index)
                    continue
                }
                for grams in found {
                    needles.append((index, grams))
                    for gram in Set(grams) { counts[gram, default: 0] += 1 }
                }
            }
        }
        let entries = needles.compactMap { needle in
            needle.grams.min { (counts[$0] ?? 0, $0) < (counts[$1] ?? 0, $1) }.map { (gram: $0, owner: needle.owner) }
        }
        // Twice as many buckets as entries: most look-ups end at an empty one.
        var bits = 6
        while bits < 18, 1 << bits < 2 * entries.count { bits += 1 }
        let sorted = entries.map { (bucket: hash($0.gram, bits), gram: $0.gram, owner: $0.owner) }
            .sorted { ($0.bucket, $0.gram, $0.owner) < ($1.bucket, $1.gram, $1.owner) }
        var writer = IndexWriter()
        writer.add(section: WordIndex.bytes(of: outlines))
        writer.add(list: always.sorted()) { $0.add($1) }
        writer.add(bits)
        writer.add(entries.count)
        var place = 0
        for bucket in 0..<(1 << bits) {
            while place < sorted.count, sorted[place].bucket == bucket { place += 1 }
            writer.add(place)
        }
        for entry in sorted {
            writer.add(Int(entry.gram & 0xFFFF_FFFF))
            writer.add(Int(entry.gram >> 32))
            writer.add(entry.owner)
        }
        return writer.bytes
    }

    private static func grams(of needle: [UInt8]) -> [UInt64] {
        guard needle.count >= gramLength else { return [] }
        var gram: UInt64 = 0
        var grams: [UInt64] = []
        for (index, byte) in needle.enumerated() {
            gram = (gram << 8 | UInt64(byte)) & gramMask
            if index >= gramLength - 1 { grams.append(gram) }
        }
        return grams
    }

    private static func hash(_ gram: UInt64, _ bits: Int) -> Int {
        Int(truncatingIfNeeded: (gram &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - bits))
    }

    /// The places of all playbooks that may match, in their order.
    func candidates(in text: String) -> [Int] {
        var found = Set(always)
        TextBytes.with(text) { text in
            var gram: UInt64 = 0
            var length = 0
            var index = 0
            while index < text.count {
                let step = Skeleton.step(text, at: index)
                index = step.next
                guard let byte = step.byte else { continue }
                gram = (gram << 8 | UInt64(byte)) & Self.gramMask
                length += 1
                if length >= Self.gramLength { addOwners(of: gram, to: &found) }
            }
        }
        return found.sorted()
    }

    private func addOwners(of gram: UInt64, to found: inout Set<Int>) {
        let bucket = Self.hash(gram, bucketBits)
        let end = IndexReader.number(in: bytes, at: table + 4 * bucket)
        var place = bucket == 0 ? 0 : IndexReader.number(in: bytes, at: table + 4 * (bucket - 1))
        while place < end, entries + Self.entryLength * (place + 1) <= bytes.count {
            let offset = entries + Self.entryLength * place
            let low = UInt64(IndexReader.number(in: bytes, at: offset))
            if low | UInt64(IndexReader.number(in: bytes, at: offset + 4)) << 32 == gram {
                found.insert(IndexReader.number(in: bytes, at: offset + 8))
            }
            place += 1
        }
    }
}

extension PlaybookLibrary {
    /// Up to so many playbooks are searched for at once in a long text: one pass is faster than two.
    private static let fewPlaybooks = 200
    private static let longText = 1 << 20

    /// Every playbook that a symptom selects, the best match first.
    package func symptomMatches(in text: String) -> [SymptomMatch] {
        guard count > Self.fewPlaybooks || text.utf8.count < Self.longText,
            let index = symptomSearch.flatMap(SymptomIndex.init)
        else { return SymptomMatcher(outlines).matches(in: text) }
        return SymptomMatcher(outlines(at: index.candidates(in: text))).matches(in: text)
    }

    /// The names of playbooks whose symptoms share the most telling words with a text that shows none of them.
    func nearestPlaybooks(to text: String, limit: Int = 3) -> [String] {
        if let index = symptomSearch.flatMap(SymptomIndex.init) {
            return outlines(at: index.words.nearest(to: text, limit: limit)).map(\.name)
        }
        let outlines = outlines
        let bytes = WordIndex.bytes(of: outlines)
        guard let words = try? WordIndex(bytes, 0..<bytes.count) else { return [] }
        return words.nearest(to: text, limit: limit).compactMap {
            outlines.indices.contains($0) ? outlines[$0].name : nil
        }
    }
}
