import JSON
import Testing

@Suite struct JSONWriterTests {
    private func text(_ value: JSONValue) -> String { String(decoding: value.json, as: UTF8.self) }

    @Test func valuesAreWrittenAsJSONSaysThem() {
        let value = JSONValue.object([
            .init("a", .null), .init("b", .bool(true)),
            .init("c", .list([.int(-3), .double(0.1), .double(.infinity)])),
            .init("d", .string("\"\\\n\u{1}é")),
        ])
        #expect(text(value) == #"{"a":null,"b":true,"c":[-3,0.1,null],"d":"\"\\\n\u0001é"}"#)
    }

    @Test func arraysAreNested() {
        let numbers = NamedArray(shape: [2, 1, 2], axes: ["a", "b", "c"], numbers: .float64([1, .nan, 3, 4.5]))
        #expect(text(.array(numbers)) == "[[[1.0,null]],[[3.0,4.5]]]")
        #expect(text(.array(NamedArray(shape: [0, 3], axes: ["a", "b"], numbers: .float64([])))) == "[]")
    }

    /// Digests are taken of this form: it may never change.
    @Test func theCanonicalFormIsOneLineWithoutPointsAtWholeNumbers() {
        let value = JSONValue.object([
            .init("b", .double(2)), .init("a", .list([.double(-0.5), .double(.nan), .int(3), .double(1e300)])),
            .init("t", .string("\t\r\n\u{1}\"ü")), .init("o", .object([])),
            .init("low", .double(-0x1p63)), .init("whole", .double(0x1p53)),
        ])
        let text = String(decoding: value.canonical, as: UTF8.self)
        #expect(
            text == #"{"b":2,"a":[-0.5,null,3,1e+300],"t":"\u0009\u000d\n\u0001\"ü","o":{},"#
                + #""low":-9.223372036854776e+18,"whole":9007199254740992.0}"#)
    }

    @Test func thePrettyFormHasALineAMember() {
        let value = JSONValue.object([
            .init("a", .int(1)), .init("b", .object([.init("c", .list([.int(1), .object([.init("d", .null)])]))])),
            .init("e", .object([])),
        ])
        let text = String(decoding: value.pretty, as: UTF8.self)
        #expect(text == "{\n  \"a\": 1,\n  \"b\": {\n    \"c\": [1, {\"d\":null}]\n  },\n  \"e\": {}\n}\n")
    }
}
