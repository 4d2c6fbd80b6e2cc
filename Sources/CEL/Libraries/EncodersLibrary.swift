extension Library {
    /// cel-spec's encoders extension.
    static let encoders = Library(
        "encoders",
        functions: [
            Function(
                "base64.encode", "The bytes as base64 text.",
                overloads: [
                    Overload("base64_encode_bytes", [.bytes], .string, cost: Cost.rewriting, .function(base64))
                ],
                examples: [
                    .init("base64.encode(b'hello')", equals: "'aGVsbG8='"), .init("base64.encode(b'')", equals: "''"),
                ]),
            Function(
                "base64.decode", "The bytes of base64 text; the padding may be missing.",
                overloads: [
                    Overload("base64_decode_string", [.string], .bytes, cost: Cost.rewriting, .function(decode))
                ],
                examples: [
                    .init("base64.decode('aGVsbG8=')", equals: "b'hello'"),
                    .init("base64.decode('aGVsbG8')", equals: "b'hello'"),
                ]),
        ])
}

private func decode(_ text: String) throws(EvaluationError) -> [UInt8] {
    // Lines may be broken, as in a certificate.
    let digits = text.utf8.filter { $0 != 0x0A && $0 != 0x0D }
    guard let bytes = decodeBase64(String(decoding: digits, as: UTF8.self)) else {
        throw .invalidArgument("this is no base64 text")
    }
    return bytes
}
