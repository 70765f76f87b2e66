import JSON
import Testing

@Suite struct JSONCodingTests {
    private struct Inner: Codable, Equatable {
        var flag: Bool
        var numbers: [UInt8]
    }

    private struct Outer: Codable, Equatable {
        var zulu: String
        var alpha: Int
        var share: Double?
        var missing: String?
        var inner: [Inner]
        var free: JSONValue
    }

    private enum Word: String, Codable { case stop, go }

    private static let outer = Outer(
        zulu: "z", alpha: -1, share: 0.5, missing: nil, inner: [Inner(flag: true, numbers: [1, 255])],
        free: .object([.init("b", .int(2)), .init("a", .null)]))

    /// Members stand in the order in which the type names them, and a value inside keeps its own.
    @Test func typesBecomeValuesAndComeBack() throws {
        let value = try JSONValue(encoding: Self.outer)
        let text =
            #"{"zulu":"z","alpha":-1,"share":0.5,"inner":[{"flag":true,"numbers":[1,255]}],"free":{"b":2,"a":null}}"#
        #expect(String(decoding: value.json, as: UTF8.self) == text)
        #expect(try JSONValue.parse(Array(text.utf8)).decoded(as: Outer.self) == Self.outer)
        #expect(try JSONValue(encoding: ["go", "stop"]).decoded(as: [Word].self) == [.go, .stop])
        #expect(try JSONValue(encoding: Word.go) == .string("go"))
    }

    @Test(arguments: [
        "null", "[]", "{}", #"{"flag": 1, "numbers": []}"#, #"{"flag": true, "numbers": [256]}"#,
        #"{"flag": true, "numbers": [-1]}"#, #"{"flag": true, "numbers": [0.5]}"#, #"{"flag": true, "numbers": {}}"#,
        #"{"flag": true, "numbers": null}"#,
    ]) func otherValuesAreRefused(text: String) throws {
        let value = try JSONValue.parse(Array(text.utf8))
        #expect(throws: DecodingError.self) { try value.decoded(as: Inner.self) }
    }

    @Test func whatIsTooLargeIsRefused() {
        #expect(throws: EncodingError.self) { try JSONValue(encoding: UInt64.max) }
    }
}
