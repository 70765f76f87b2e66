import Engine
import Testing

@Suite struct IndexSelectionTests {
    @Test(arguments: [
        ("all", [0, 1, 2, 3, 4]), ("3", [3]), ("-1", [4]), ("0,3,-1", [0, 3, 4]), ("1-3", [1, 2, 3]),
        ("2..-1", [2, 3, 4]), ("-3--1", [2, 3, 4]), ("4,0-1,0", [4, 0, 1]),
    ])
    func formsAreUnderstood(text: String, indices: [Int]) throws {
        let selection = try #require(IndexSelection(text))
        #expect(try selection.resolved(count: 5, noun: "layer").get() == indices)
    }

    @Test(arguments: ["", ",", "x", "1,", "1-", "-", "1-2-3", "1.5", "+1", "99999999999999999999", "all,1", " 1"])
    func otherFormsAreNot(text: String) {
        #expect(IndexSelection(text) == nil)
    }

    @Test func whatIsOutsideSaysWhatThereIs() throws {
        for (text, index) in [("5", 5), ("-6", -6), ("0-99", 99)] {
            let selection = try #require(IndexSelection(text))
            #expect(
                throws: SelectionFault(
                    detail: "Layer \(index) does not exist: this model has 5, so write 0 to 4, or -5 to -1.")
            ) {
                try selection.resolved(count: 5, noun: "layer").get()
            }
        }
        let backwards = try #require(IndexSelection("3-1"))
        #expect(throws: SelectionFault.self) { try backwards.resolved(count: 5, noun: "layer").get() }
    }
}
