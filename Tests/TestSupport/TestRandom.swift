import Foundation

/// Random numbers of a test, the same for the same seed (SplitMix64).
///
/// The seed is printed. `VITSCOPE_TEST_SEED=NUMBER` repeats a life that went wrong.
public struct TestRandom: RandomNumberGenerator {
    public let seed: UInt64
    private var state: UInt64

    /// - Parameters:
    ///   - what: what the numbers decide, for the line that tells the seed.
    ///   - standard: the seed where none is given; nil for another in every life.
    public init(_ what: String, standard: UInt64? = nil) {
        let given = ProcessInfo.processInfo.environment["VITSCOPE_TEST_SEED"].flatMap { UInt64($0) }
        seed = given ?? standard ?? .random(in: 0 ... .max)
        state = seed
        print("\(what): VITSCOPE_TEST_SEED=\(seed)")
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
