import Catalogue
import Testing

@Suite struct JSONWriterTests {
    private func text(_ value: ResultValue) -> String { String(decoding: value.json, as: UTF8.self) }

    @Test func valuesAreWrittenAsJSONSaysThem() {
        let value = ResultValue.object([
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
}
