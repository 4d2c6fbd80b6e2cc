import CEL
import Foundation
import Testing

@testable import Collectors

@Suite struct `A bearer token` {
    static let jwt = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJqbyIsImV4cCI6MTc5NTQ3OTAwMH0.c2ln"
    static let issued = "eyJhbGciOiJub25lIn0.eyJpc3MiOiJodHRwczovL2EifQ.c2ln"

    @Test(arguments: [
        (jwt, "jwt", "none"), ("opaque-token", "opaque", "none"), (" \(jwt)", "jwt", "whitespace"),
        ("\(jwt)\n", "jwt", "whitespace"), ("\"\(jwt)\"", "jwt", "quotes"), ("Bearer \(jwt)", "jwt", "bearerPrefix"),
        (Base64.encode(Array(jwt.utf8)), "jwt", "base64OfToken"), ("tökén", "opaque", "nonASCII"), ("", "none", "none"),
        ("a.b.c", "opaque", "none"), ("eyJhbGciOiJub25lIn0.W10.x", "opaque", "none"),
    ])
    func `tells its kind and what is wrong with it`(text: String, kind: String, malformation: String) {
        let token = BearerToken(text, source: "token")
        #expect(token.kind.rawValue == kind)
        #expect(token.malformation.rawValue == malformation)
    }

    static let broken: [(String, String, String)] = [
        (jwt + jwt, "jwt", "repeated"), (String(repeating: "0123456789abcdef", count: 2), "opaque", "repeated"),
        ("abab", "opaque", "none"), (String(jwt.dropFirst()), "opaque", "none"),
        (String(issued.dropFirst()), "opaque", "damaged"),
        (issued.replacing("eyJpc3M", with: "eyJpc3"), "opaque", "damaged"),
        (issued.replacing(".", with: "%2E"), "opaque", "damaged"), (String(issued.dropLast(5)), "opaque", "truncated"),
        (String(issued.prefix(15)), "opaque", "truncated"),
        // one that is encrypted
        ("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", "opaque", "none"),
    ]

    @Test(arguments: broken)
    func `pasted twice or in part is known`(text: String, kind: String, malformation: String) {
        let token = BearerToken(text, source: "token")
        #expect(token.kind.rawValue == kind)
        #expect(token.malformation.rawValue == malformation)
    }

    @Test(arguments: [(342, "none"), (512, "none"), (683, "none"), (312, "truncated"), (341, "truncated"), (4, "none")])
    func `a signature of no key's length is cut off`(length: Int, malformation: String) {
        let head = Base64.encode(Array(#"{"alg":"RS256"}"#.utf8)).replacing("=", with: "")
        let token = BearerToken("\(head).e30.\(String(repeating: "A", count: length))", source: "token")
        #expect(token.kind == .jwt)
        #expect(token.malformation.rawValue == malformation)
    }

    @Test func `a line end of a file belongs to no token`() {
        #expect(BearerToken("abc\n", source: "tokenFile", isFile: true).malformation == .none)
        #expect(BearerToken("\n", source: "tokenFile", isFile: true).malformation == .empty)
    }

    @Test(arguments: [1e300, -1e300, 0, 253_402_300_799, 1_795_479_000.5])
    func `an absurd expiry is no time, and no crash`(seconds: Double) {
        let body = Base64.encode(Array(#"{"exp":\#(seconds)}"#.utf8))
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
        let value = BearerToken("e30.\(body).x", source: "token").value
        #expect((value.seconds("claims.expiresAt") != nil) == (0...253_402_300_799).contains(seconds))
    }

    @Test func `legacy claims of a Secret's token are read`() {
        let claims =
            #"{"iss":"kubernetes/serviceaccount","kubernetes.io/serviceaccount/namespace":"ns","#
            + #""kubernetes.io/serviceaccount/secret.name":"robot-token-x","kubernetes.io/serviceaccount/service-account.name":"robot","#
            + #""kubernetes.io/serviceaccount/service-account.uid":"u-1","sub":"system:serviceaccount:ns:robot"}"#
        let body = Base64.encode(Array(claims.utf8)).replacing("=", with: "").replacing("+", with: "-")
            .replacing("/", with: "_")
        let value = BearerToken("e30.\(body).x", source: "token").value
        #expect(value.text("claims.serviceAccount.name") == "robot")
        #expect(value.text("claims.serviceAccount.namespace") == "ns")
        #expect(value.text("claims.boundTo.kind") == "Secret")
    }
}

@Suite struct `Redacted text` {
    @Test(arguments: [
        "Authorization: Bearer abcdefgh12345678", "token=abcdefgh12345678", #"{"secretAccessKey": "abcdefgh12345678"}"#,
        "https://user:abcdefgh12345678@host/", "password: abcdefgh12345678", "k8s-aws-v1.abcdefgh12345678",
        "x eyJabcdefgh12345678.abcdefgh12345678.abcdefgh12345678 y", #"password: "p@ss abcdefgh12345678!""#,
        "db_password = '!§ abcdefgh12345678'", "root:$6$rounds=5000$salt$abcdefgh12345678:20228:0",
        #"{"password":"correct horse\" abcdefgh12345678"}"#, #"secret: 'it\'s abcdefgh12345678'"#,
        "jane:$apr1$salt$abcdefgh12345678", "jane:$2y$10$abcdefgh12345678",
    ])
    func `takes secrets out of text`(text: String) {
        #expect(!Redaction.redact(text).contains("abcdefgh12345678"))
    }

    @Test func `JSON stays JSON without its secrets`() {
        let text = #"{"credentials_error":"could not open \"/etc/x\"","next":"\"credential\": \"a"}"#
        #expect((try? JSONSerialization.jsonObject(with: Data(Redaction.redact(text).utf8))) != nil)
    }

    @Test(arguments: [
        "Token has expired and refresh failed", "Unable to locate credentials", "arn:aws:iam::111122223333:role/dev",
        "exec: executable aws failed with exit code 255",
        "invalid token '}' after object key", "it costs $1$ or $5", "cp $1 $2", "secret 'shop/web' not found",
    ])
    func `leaves plain words alone`(text: String) { #expect(Redaction.redact(text) == text) }
}

@Suite struct `Base64 as Go reads it` {
    @Test(arguments: [("aGVsbG8=", "hello"), ("aGVs\nbG8=", "hello"), ("", ""), ("aGVsbG8gdGhlcmU=", "hello there")])
    func `decodes`(text: String, expected: String) throws {
        #expect(String(decoding: try Base64.decode(text), as: UTF8.self) == expected)
        #expect(try Base64.decode(Base64.encode(Array(expected.utf8))) == Array(expected.utf8))
    }

    @Test(arguments: [("aGVsbG8", 4), ("!!!!", 0), ("aGVs bG8=", 4), ("aGVsbG8=x", 8), ("a", 0), ("=", 0)])
    func `refuses at Go's offset`(text: String, offset: Int) {
        #expect { try Base64.decode(text) } throws: { ($0 as? Base64.Failure)?.offset == offset }
    }
}
