import JSON
import Testing

@Suite struct NearestNamesTests {
    @Test(arguments: [
        ("mocov3", ["moco-v3", "simmim", "mae"], ["moco-v3"]), ("layrs", ["layers", "image"], ["layers"]),
        ("vit", ["vit-b", "vit-s", "mae"], ["vit-b", "vit-s"]), ("zzz", ["moco", "mae"], []), ("", ["a"], []),
        ("layersx", ["layer", "layers"], ["layers", "layer"]),
    ])
    func theLikestComeFirst(wanted: String, names: [String], nearest: [String]) {
        #expect(NearestNames.of(wanted, among: names) == nearest)
    }

    /// Names beyond what the work allows are not looked at.
    @Test func theWorkIsBounded() {
        let names = (0..<1000).map { "model-\($0)" } + ["mocov3"]
        #expect(NearestNames.of("mocov4", among: names) == ["mocov3"])
        #expect(NearestNames.of("mocov4", among: names, work: 10_000) == [])
        // A name that takes the square of its length to compare is nobody's suggestion.
        #expect(NearestNames.of("a", among: ["a" + String(repeating: "\u{301}\u{327}", count: 20_000)]) == [])
    }
}
