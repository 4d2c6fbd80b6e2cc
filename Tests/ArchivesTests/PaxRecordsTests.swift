import Archives
import Testing

@Suite struct PaxRecordsTests {
    @Test func `records are read one after the other, with what they hold`() throws {
        let records = try PaxRecords(Array("12 path=a=b\n20 mtime=1700000.25\n8 size=\n".utf8)[...]).records
        #expect(records.map(\.key) == ["path", "mtime", "size"])
        #expect(records.map(\.value) == ["a=b", "1700000.25", ""])
        #expect(try PaxRecords([]).records.isEmpty)
    }

    @Test(arguments: [
        "0 path=x\n", "5 xxx\n", "99 path=x\n", "10 path=x", "path=x\n", "-5 a=b\n", "9999999 a=b\n", "10path=xx\n",
        "9 path=x\n\n", "10 a=\u{0}bcd\n",
    ])
    func `what is no record is an error`(text: String) {
        #expect { try PaxRecords(Array(text.utf8)[...]) } throws: { ($0 as? ArchiveError)?.code == .damaged }
    }
}
