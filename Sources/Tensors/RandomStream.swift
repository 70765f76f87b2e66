import Glibc
import Platform

/// Random numbers by position: number n of a stream is a function of the key and n (SplitMix64's finalizer), so that
/// any image, any mask and any step of training can be made without those before it.
///
/// Streams are named by what they are for: the crop of image 7 in epoch 3 is the same whatever was drawn elsewhere.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private let key: UInt64
    private var counter: UInt64 = 0

    /// Stream number `index` of `seed`.
    public init(seed: UInt64, index: Int) {
        key = Self.mix(Self.mix(seed &+ Self.golden) ^ (UInt64(bitPattern: Int64(index)) &* 0xd1b5_4a32_d192_ed03))
    }

    /// The stream of `seed` for `purpose`, such as `mask`.
    public init(seed: UInt64, _ purpose: String) {
        // FNV-1a: a hash that is the same in every process.
        let hash = purpose.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        key = Self.mix(Self.mix(seed &+ Self.golden) ^ Self.mix(hash))
    }

    private init(key: UInt64) { self.key = key }

    /// Another stream that belongs to this one.
    public func stream(_ number: UInt64) -> RandomStream {
        RandomStream(key: Self.mix(key ^ Self.mix(number &+ Self.golden)))
    }

    /// Another stream that belongs to this one, such as that of image `index`.
    public func stream(_ index: Int) -> RandomStream { stream(UInt64(bitPattern: Int64(index))) }

    /// The random bits at `position`.
    public func bits(at position: UInt64) -> UInt64 { Self.mix(key &+ position &* Self.golden) }

    /// The random number at `position`, 0 to below 1.
    public func uniform(at position: UInt64) -> Double { Double(bits(at: position) >> 11) * 0x1p-53 }

    /// The next random bits.
    public mutating func next() -> UInt64 {
        counter &+= 1
        return bits(at: counter)
    }

    /// The next random number, 0 to below 1.
    public mutating func uniform() -> Double {
        counter &+= 1
        return uniform(at: counter)
    }

    /// The next random number in `range`.
    public mutating func uniform(in range: ClosedRange<Double>) -> Double {
        range.lowerBound + (range.upperBound - range.lowerBound) * uniform()
    }

    /// The next random integer below `count`. For the small counts here the bias is below 10⁻¹⁰.
    public mutating func below(_ count: Int) -> Int {
        min(Int(rounding: uniform() * Double(count), .down) ?? 0, count - 1)
    }

    /// Whether something of `probability` happens.
    public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// The next number of a normal distribution with mean 0 and standard deviation 1 (Box and Muller 1958).
    public mutating func normal() -> Double {
        // 1 − u lies above 0, where the logarithm is finite.
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * .pi * uniform())
    }

    /// The next number of a normal distribution cut at ±`bound` standard deviations, times `std`.
    public mutating func truncatedNormal(std: Double, bound: Double) -> Double {
        // Rejection draws from exactly the distribution that PyTorch reaches by the inverse error function.
        while true {
            let number = normal()
            if abs(number) <= bound { return number * std }
        }
    }

    /// The numbers below `count` in random order (Fisher and Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) { order.swapAt(index, below(index + 1)) }
        return order
    }

    private static let golden: UInt64 = 0x9e37_79b9_7f4a_7c15

    private static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
