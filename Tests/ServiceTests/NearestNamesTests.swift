import Service
import Testing

@Suite struct NearestNamesTests {
    @Test(arguments: [
        ("mocov3", ["moco-v3", "simmim", "mae"], ["moco-v3"]), ("layrs", ["layers", "image"], ["layers"]),
        ("vit", ["vit-b", "vit-s", "mae"], ["vit-b", "vit-s"]), ("zzz", ["moco", "mae"], []), ("", ["a"], []),
    ])
    func theLikestComeFirst(wanted: String, names: [String], nearest: [String]) {
        #expect(NearestNames.of(wanted, among: names) == nearest)
    }
}
