import Platform
import Testing

@Suite struct ExactTextTests {
    @Test func spellingsDiffer() {
        let one = "caf\u{e9}", two = "cafe\u{301}"
        #expect(one == two)
        #expect(ExactText(one) != ExactText(two) && ExactText(one) == ExactText("caf\u{e9}"))
        #expect(Set([one, two].map(ExactText.init)).count == 2)
        // The Kelvin sign is a K to Swift.
        #expect("\u{212a}" == "K" && ExactText("\u{212a}") != ExactText("K"))
        #expect(ExactText("abc") == ExactText(String("xabc".dropFirst())))
    }
}
