import Platform
import Testing

@Suite struct StreamSafeTextTests {
    @Test(arguments: ["", "plain", "é", "ä\u{301}", "Việt Nam", "한국어", "ᄒ\u{1161}\u{11ab}", "👩‍👩‍👧‍👦", "לְעוֹלָם"])
    func languagesAreSafe(text: String) { #expect(StreamSafeText.holds(text)) }

    @Test func runsAreCounted() {
        let run = String(repeating: "\u{301}\u{327}", count: 15)
        #expect(StreamSafeText.holds(run) && StreamSafeText.holds("a\(run)b\(run)c"))
        #expect(!StreamSafeText.holds(run + "\u{301}"))
        #expect(!StreamSafeText.holds("a\(run)\u{345}b"))
        #expect(StreamSafeText.holds("a\(run) \u{301}"))
        #expect(!StreamSafeText.holds(("x" + run + run)[...]))
    }
}
