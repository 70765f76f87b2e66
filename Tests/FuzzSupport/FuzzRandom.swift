/// Random numbers that repeat on every machine (SplitMix64).
public struct FuzzRandom: RandomNumberGenerator {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 where there is none.
    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() % UInt64(max(bound, 1)) & 0x7fff_ffff) }

    mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }

    /// One of `elements`, of which there is one at least.
    mutating func one<T>(of elements: [T]) -> T { elements[below(elements.count)] }

    /// A few neighbours among `count`, at most `most`.
    mutating func stretch(_ count: Int, most: Int) -> Range<Int> {
        let start = below(count)
        return start..<min(count, start + 1 + below(most))
    }
}
