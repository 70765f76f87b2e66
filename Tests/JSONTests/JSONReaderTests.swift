import JSON
import Testing

@Suite struct JSONReaderTests {
    private enum Colour: String, CaseIterable { case red, green }

    private func reader(_ text: String) throws -> JSONReader { JSONReader(try .parse(Array(text.utf8))) }

    @Test func everyFaultIsTold() throws {
        let reader = try reader(#"{"a": "x", "colour": "gren", "inner": {"b~/": 1, "n": 11}, "list": [{"k": 1}]}"#)
        #expect(reader.int("a", default: 3, in: 1...9) == 3)
        #expect(reader.choice("colour", default: Colour.red) == .red)
        let inner = reader.object("inner")
        #expect(inner.number("n", default: 2, in: 0...10) == 2)
        inner.finish()
        for item in reader.objects("list", atMost: 2) { item.finish() }
        reader.finish()
        #expect(reader.allFaults.map(\.pointer) == ["/a", "/colour", "/inner/n", "/inner/b~0~1", "/list/0/k"])
        #expect(reader.allFaults[1].detail == "colour must be one of red, green. Did you mean “green”?")
    }

    @Test func whatCountsIsWrittenDownInTheOrderOfAsking() throws {
        let reader = try reader(#"{"b": true, "inner": {"x": 1}}"#)
        _ = reader.int("a", default: 3, in: 1...9)
        _ = reader.bool("b", default: false)
        let inner = reader.object("inner")
        _ = inner.number("x", default: 2, in: 0...10)
        inner.finish()
        reader.finish()
        #expect(reader.allFaults.isEmpty)
        #expect(
            String(decoding: JSONValue.object(reader.resolved).canonical, as: UTF8.self)
                == #"{"a":3,"b":true,"inner":{"x":1}}"#)
    }

    @Test func onlyAnObjectIsRead() throws {
        #expect(try reader("[1]").allFaults == [Fault(pointer: "", detail: "The body must be a JSON object.")])
    }

    /// Names that only look alike are different names.
    @Test func namesAreComparedByTheirBytes() throws {
        let value = try JSONValue.parse(Array("{\"\u{e9}\": 1}".utf8))
        #expect(value["\u{e9}"]?.int == 1 && value["e\u{301}"] == nil)
    }

    @Test func nobodyIsToldMoreThanTwoHundredFaults() throws {
        let members = (0..<500).map { "\"k\($0)\":1" }.joined(separator: ",")
        let reader = try reader("{\(members)}")
        reader.finish()
        #expect(reader.allFaults.count == 200)
    }
}
