import FuzzSupport
import Testing

/// Reads every file of Tests/Attacks: what the fuzzers kept because it reaches a new place, and what they found.
@Suite struct AttackTests {
    @Test(arguments: FuzzFormat.allCases)
    func noAttackBreaksItsReader(_ format: FuzzFormat) throws {
        let attacks = try FuzzSeeds.attacks(format)
        try #require(!attacks.isEmpty, "Tests/Attacks has no file for \(format.rawValue)")
        for attack in attacks {
            #expect(throws: Never.self, "\(attack.name)") { try format.check(attack.bytes) }
        }
        // A corpus of nothing but refused files would reach nothing behind the first check.
        #expect(try attacks.count { try format.check($0.bytes) } > 0)
    }

    /// Every reader is given every file: the content decides, and no reader trusts another's.
    @Test(arguments: FuzzFormat.allCases)
    func noReaderIsBrokenByAnothersFiles(_ format: FuzzFormat) throws {
        for other in FuzzFormat.allCases where other != format {
            for attack in try FuzzSeeds.attacks(other) {
                #expect(throws: Never.self, "\(other.rawValue)/\(attack.name)") { try format.check(attack.bytes) }
            }
        }
    }
}
