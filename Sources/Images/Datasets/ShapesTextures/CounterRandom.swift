/// Random numbers by position: number n of a stream is a function of the key and n (SplitMix64's finalizer), so that
/// any picture, and any pixel of its noise, can be made without those before it.
struct CounterRandom {
    private let key: UInt64
    private var counter: UInt64 = 0

    /// The stream of picture `index` in the data set of `seed`.
    init(seed: UInt64, index: Int) {
        key = Self.mix(Self.mix(seed &+ Self.golden) ^ (UInt64(bitPattern: Int64(index)) &* 0xd1b5_4a32_d192_ed03))
    }

    private init(key: UInt64) { self.key = key }

    /// Another stream that belongs to this one.
    func stream(_ number: UInt64) -> CounterRandom {
        CounterRandom(key: Self.mix(key ^ Self.mix(number &+ Self.golden)))
    }

    /// The random bits at `position`.
    func bits(at position: UInt64) -> UInt64 { Self.mix(key &+ position &* Self.golden) }

    /// The random number at `position`, 0 to below 1.
    func uniform(at position: UInt64) -> Double { Double(bits(at: position) >> 11) * 0x1p-53 }

    /// The next random number, 0 to below 1.
    mutating func uniform() -> Double {
        counter &+= 1
        return uniform(at: counter)
    }

    /// The next random number in `range`.
    mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// The next random integer below `count`. For the small counts here the bias is below 10⁻¹⁵.
    mutating func below(_ count: Int) -> Int { min(Int(uniform() * Double(count)), count - 1) }

    private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
