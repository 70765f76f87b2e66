import JSON
import Platform
import Testing

@Suite struct JSONParserTests {
    private func parse(_ text: String) throws(JSONError) -> JSONValue { try .parse(Array(text.utf8)) }

    @Test func everyKindOfValueIsRead() throws {
        let value = try parse(#" {"a": [1, -2.5e1, true, false, null, "x"], "b": {}, "c": [], "d": 0} "#)
        #expect(value["a"]?.list?.count == 6)
        #expect(value["a"]?[0]?.int == 1)
        #expect(value["a"]?[1]?.double == -25)
        #expect(value["a"]?[2]?.bool == true)
        #expect(value["a"]?[3]?.bool == false)
        #expect(value["a"]?[4]?.isNull == true)
        #expect(value["a"]?[5]?.string == "x")
        #expect(value["b"]?.object?.isEmpty == true)
        #expect(value["c"]?.list?.isEmpty == true)
        #expect(value.object?.map(\.name) == ["a", "b", "c", "d"])
    }

    @Test func escapesAreRead() throws {
        #expect(try parse(#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00ü""#).string == "\"\\/\u{8}\u{c}\n\r\té😀ü")
    }

    @Test func numbersBeyondIntegersBecomeDoubles() throws {
        #expect(try parse("9223372036854775807").int == Int.max)
        #expect(try parse("9223372036854775808").double == 0x1p63)
        #expect(try parse("1e-12").double == 1e-12)
        #expect(try parse("12.0").int == 12)
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1", "[1,", "[1,]", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}",
        "[1}", "{\"a\":1]",
        "01", "-", "1.", ".5", "1e", "+1", "nul", "tru", "True", "NaN", "Infinity", "-Infinity", "1 2", "[] []", "\"",
        "\"\\", "\"\\x\"",
        "\"\\u12\"", "\"\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "'a'", "[1e999]", "}", "]", ",",
        "{\"a\" 1}", "{1:2}",
        "\u{feff}{}",
    ])
    func malformedTextIsRefused(_ text: String) throws {
        let error = #expect(throws: JSONError.self) { try parse(text) }
        guard case .malformed = error else { throw error ?? .notUTF8 }
    }

    @Test func aKeyTwiceIsRefused() {
        #expect(throws: JSONError.duplicateKey("a", byte: 7)) { try parse(#"{"a":1,"a":2}"#) }
        #expect(throws: JSONError.duplicateKey("a", byte: 7)) { try parse(#"{"a":1,"\u0061":2}"#) }
    }

    @Test func nestingHasALimit() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(try parse(nested(64)).list?.count == 1)
        #expect(throws: JSONError.tooDeep(limit: 64, byte: 64)) { try parse(nested(65)) }
        #expect(throws: JSONError.tooDeep(limit: 64, byte: 64)) {
            try parse(String(repeating: "[", count: 1_000_000))
        }
        #expect(throws: JSONError.self) { try parse(String(repeating: "{\"a\":", count: 1_000_000)) }
    }

    @Test func theNumberOfValuesHasALimit() throws {
        let error = #expect(throws: JSONError.self) {
            try parse("[" + String(repeating: "1,", count: 1_000_001) + "1]")
        }
        guard case .tooManyValues = error else { throw error ?? .notUTF8 }
    }

    @Test func theSizeHasALimit() {
        let bytes = Bytes([UInt8](repeating: 0x20, count: JSONValue.maximumSize + 1))
        #expect(throws: JSONError.tooLarge(count: JSONValue.maximumSize + 1, limit: JSONValue.maximumSize)) {
            try JSONValue.parse(bytes)
        }
    }

    /// Whoever compares such a text takes the square of its length; here it is refused before anybody does.
    @Test func textsThatAreDearToCompareAreRefused() throws {
        let marks = String(repeating: "\u{301}\u{327}", count: 20_000)
        #expect(throws: JSONError.tooManyMarks(byte: 1)) { try parse("{\"a\(marks)\": 1}") }
        #expect(throws: JSONError.tooManyMarks(byte: 6)) { try parse("{\"b\": \"a\(marks)\"}") }
        let escaped = String(repeating: #"\u0301\u0327"#, count: 16)
        #expect(throws: JSONError.tooManyMarks(byte: 1)) { try parse("[\"a\(escaped)\"]") }
        let most = "a" + String(repeating: "\u{301}", count: 30)
        #expect(try parse("[\"\(most)\"]")[0]?.string == most)
        #expect(throws: JSONError.tooManyMarks(byte: 1)) { try parse("[\"\(most)\u{327}\"]") }
    }

    /// An integer has no sign to keep; whoever wants a whole number takes it still, and a shape does not.
    @Test func minusZeroIsNoInteger() throws {
        #expect(try parse("[-0, 0]")[0] == .double(-0.0))
        #expect(try parse("[-0, 0]")[1] == .int(0))
        #expect(try parse("-0").int == 0)
        #expect(try parse("-0").canonical == Array("0".utf8))
    }

    @Test func keysAreBounded() throws {
        let most = String(repeating: "k", count: 1024)
        #expect(try parse("{\"\(most)\": 1}")[most]?.int == 1)
        #expect(throws: JSONError.keyTooLong(limit: 1024, byte: 1)) { try parse("{\"\(most)k\": 1}") }
        #expect(try parse("[\"\(most)k\"]")[0]?.string == most + "k", "a value may be longer")
    }
}
