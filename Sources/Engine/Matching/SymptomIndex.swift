package import Playbooks

/// Which playbooks of a large library may show a symptom in a text, found without building anything of all of them.
///
/// Every needle of a symptom is known by six bytes of its skeleton in a row, those that the fewest other needles have.
/// A playbook of which no needle's six bytes are in the text cannot match; the others are searched for in earnest.
package struct SymptomIndex: Sendable {
    private static let gramLength = 6
    private static let gramMask: UInt64 = (1 << 48) - 1
    private static let filterBits = 18

    /// Sorted; the owner of each is the playbook at the same place.
    private var grams: [UInt64] = []
    private var owners: [Int32] = []
    /// Playbooks of which nothing can be said beforehand.
    private var always: [Int] = []
    /// By hash: whether there may be such a gram.
    private var filter: [Bool]

    /// - Parameter bytes: as `bytes(of:)` made them; `nil` where they are not.
    init?(_ bytes: [UInt8]) {
        filter = [Bool](repeating: false, count: 1 << Self.filterBits)
        do throws(MalformedIndex) {
            var reader = IndexReader(bytes)
            always = try reader.list { reader throws(MalformedIndex) in try reader.number() }
            let count = try reader.number()
            guard bytes.count - reader.offset == 12 * count else { return nil }
            grams.reserveCapacity(count)
            owners.reserveCapacity(count)
            for index in 0..<count {
                let offset = reader.offset + 12 * index
                let low = UInt64(IndexReader.number(in: bytes, at: offset))
                let gram = low | UInt64(IndexReader.number(in: bytes, at: offset + 4)) << 32
                grams.append(gram)
                owners.append(Int32(truncatingIfNeeded: IndexReader.number(in: bytes, at: offset + 8)))
                filter[Self.hash(gram)] = true
            }
        } catch {
            return nil
        }
    }

    package static func bytes(of outlines: [PlaybookOutline]) -> [UInt8] {
        var always: Set<Int> = []
        var needles: [(owner: Int, grams: [UInt64])] = []
        var counts: [UInt64: Int] = [:]
        for (index, outline) in outlines.enumerated() {
            for symptom in outline.symptoms {
                let found = SymptomMatcher.hints(of: symptom).needles?.map(Self.grams)
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
        }.sorted { ($0.gram, $0.owner) < ($1.gram, $1.owner) }
        var writer = IndexWriter()
        writer.add(list: always.sorted()) { $0.add($1) }
        writer.add(entries.count)
        for entry in entries {
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

    private static func hash(_ gram: UInt64) -> Int {
        Int(truncatingIfNeeded: (gram &* 0x9E37_79B9_7F4A_7C15) >> UInt64(64 - filterBits))
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
                guard length >= Self.gramLength, filter[Self.hash(gram)] else { continue }
                addOwners(of: gram, to: &found)
            }
        }
        return found.sorted()
    }

    private func addOwners(of gram: UInt64, to found: inout Set<Int>) {
        var low = 0
        var high = grams.count
        while low < high {
            let middle = (low + high) / 2
            if grams[middle] < gram { low = middle + 1 } else { high = middle }
        }
        while low < grams.count, grams[low] == gram {
            found.insert(Int(owners[low]))
            low += 1
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
}
