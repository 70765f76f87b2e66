import Checkpoints
import Platform
import Testing

@Suite struct ValueTests {
    @Test func aLaterValueTakesTheEarlierPlace() {
        let dictionary = ValueDictionary([
            (.string("a"), .int(1)), (.int(1), .int(2)), (.string("a"), .int(3)), (.none, .int(4)),
        ])
        #expect(dictionary.count == 3)
        #expect(dictionary["a"]?.int == 3)
        #expect(dictionary[key: 1]?.int == 2)
        #expect(dictionary.names == ["a"])
        #expect(dictionary.map { $0.value.int } == [3, 2, 4])
    }

    @Test func textsAreEqualToTheByte() {
        // Swift takes é in one character and in two for one text; Python does not.
        let dictionary = ValueDictionary([(.string("caf\u{e9}"), .int(1)), (.string("cafe\u{301}"), .int(2))])
        #expect(dictionary.map { $0.value.int } == [1, 2])
        #expect(dictionary["caf\u{e9}"]?.int == 1 && dictionary["cafe\u{301}"]?.int == 2)
    }

    @Test func accessorsAnswerOnlyTheirKind() {
        #expect(Value.int(3).double == 3 && Value.double(3).int == 3 && Value.double(3.5).int == nil)
        #expect(Value.double(1e300).int == nil && Value.double(.nan).int == nil)
        #expect(Value.bool(true).int == nil && Value.string("1").int == nil)
        #expect(Value.list([.int(1)])[0]?.int == 1 && Value.list([.int(1)])[1] == nil && Value.list([])[-1] == nil)
        #expect(Value.int(1)["a"] == nil && Value.none.isNone && Value.none.array == nil)
        let object = Value.opaque(Value.Opaque(name: "a.B", fields: ValueDictionary([(.string("k"), .bool(true))])))
        #expect(object["k"]?.bool == true && object.dictionary == nil && object.opaque?.name == "a.B")
    }
}
