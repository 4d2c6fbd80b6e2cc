import Testing

@testable import CEL

/// A small generator (SplitMix64) whose numbers are the same in every run.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

@Suite struct JSONFuzzTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what is written reads back the same`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        for _ in 0..<100 {
            let value = Self.value(depth: 4, using: &random)
            let writer = Bool.random(using: &random) ? JSONWriter() : JSONWriter(layout: .indented(by: 1))
            let text = try writer.bytes(value)
            #expect(try Value.parseJSON(text).description == value.description)
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what is read by a projection is what it leaves of the whole`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        for _ in 0..<100 {
            let value = Self.value(depth: 5, using: &random)
            let projection = Self.projection(of: value, using: &random)
            let bytes = try JSONWriter().bytes(value)
            let whole = try Value.parseJSON(bytes).projected(projection).description
            #expect(try Value.parseJSON(bytes, reading: projection).description == whole)
            let list = Array("[".utf8) + bytes + Array("]".utf8)
            let size = Int.random(in: 1...200, using: &random)
            #expect(try JSONListReaderTests.read(list, nil, reading: projection, pieces: size).elements == [whole])
        }
    }

    /// Some of the names that there are.
    private static func projection(of value: Value, using random: inout Seeded) -> Projection {
        switch value {
        case .map(let map):
            var fields: [String: Projection] = [:]
            for case (.string(let name), let value) in map.entries where Int.random(in: 0..<3, using: &random) > 0 {
                fields[name] = projection(of: value, using: &random)
            }
            return Projection(fields: fields, elements: Int.random(in: 0..<6, using: &random) == 0 ? .nothing : nil)
        case .list(let list):
            return list.reduce(.nothing) { $0.union(Projection(elements: projection(of: $1, using: &random))) }
        default: return Bool.random(using: &random) ? .whole : .nothing
        }
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `damaged text is read or refused at a place within it`(seed: UInt64) throws {
        var random = Seeded(state: seed)
        let interesting = Array("{}[]\",:\\u0019-+.eE truefalsn\n".utf8) + [0x00, 0x7F, 0x80, 0xC3, 0xE2, 0xFF]
        for _ in 0..<300 {
            var text = try JSONWriter().bytes(Self.value(depth: 4, using: &random))
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0...text.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: text.insert(interesting.randomElement(using: &random) ?? 0, at: place)
                case 1 where place < text.count: text.remove(at: place)
                case _ where place < text.count: text[place] = UInt8.random(in: 0...255, using: &random)
                default: break
                }
            }
            do throws(JSONError) {
                let value = try Value.parseJSON(text)
                let again = try Value.parseJSON((try? JSONWriter().bytes(value)) ?? [])
                #expect(again.description == value.description)
            } catch {
                #expect((0...text.count).contains(error.offset))
                #expect(error.line >= 1 && error.column >= 1)
            }
        }
    }

    private static func value(depth: Int, using random: inout Seeded) -> Value {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .int(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
        case 3: return .uint(UInt64(Int64.max) + 1 + random.next() >> 1)
        case 4:
            let number = Double(bitPattern: random.next())
            return .double(number.isFinite ? number : 0.5)
        case 5: return .string(text(using: &random))
        case 6, 7:
            return .list(
                List((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth - 1, using: &random) }))
        default:
            var map: [String: Value] = [:]
            for _ in 0..<Int.random(in: 0..<20, using: &random) {
                map[text(using: &random)] = value(depth: depth - 2, using: &random)
            }
            return .map(Map(map))
        }
    }

    private static func text(using random: inout Seeded) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<8, using: &random) {
            let largest: UInt32 = Bool.random(using: &random) ? 0x80 : 0x10FFFF
            text.unicodeScalars.append(Unicode.Scalar(UInt32.random(in: 0...largest, using: &random)) ?? "☃")
        }
        return text
    }
}
