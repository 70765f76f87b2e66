import Platform

/// For each pixel of a resized side, which pixels of the old side it is made of, and how much of each.
struct ResampleWeights {
    /// Bits behind the binary point of a weight: 32 less eight for the pixel and two for overshooting.
    static let fractionBits: Int32 = 22

    /// Taps of the widest pixel: the distance between two pixels' weights.
    let stride: Int
    /// The first old pixel of each.
    private(set) var starts: [Int] = []
    /// How many old pixels of each.
    private(set) var counts: [Int] = []
    /// (pixels, stride), fixed point.
    private(set) var values: [Int32]

    /// - Parameters:
    ///   - old: pixels of the old side.
    ///   - new: pixels of the resized side.
    ///   - window: those of the resized side that are wanted.
    init(old: Int, new: Int, window: Range<Int>, interpolation: Interpolation) {
        let scale = Double(old) / Double(new), filterScale = max(scale, 1)
        let support = interpolation.support * filterScale
        stride = (Int(rounding: support, .up) ?? 0) * 2 + 1
        values = [Int32](repeating: 0, count: window.count * stride)
        let inverse = 1 / filterScale
        var weights = [Double](repeating: 0, count: stride)
        for pixel in window {
            let center = (Double(pixel) + 0.5) * scale
            let start = Int(rounding: center - support + 0.5, .towardZero, into: 0...old) ?? 0
            let count = (Int(rounding: center + support + 0.5, .towardZero, into: start...old) ?? start) - start
            var sum = 0.0
            for tap in 0..<count {
                weights[tap] = interpolation.weight((Double(tap + start) - center + 0.5) * inverse)
                sum += weights[tap]
            }
            let base = starts.count * stride
            for tap in 0..<count {
                let weight = sum != 0 ? weights[tap] / sum : weights[tap]
                let scaled = weight * Double(1 << Self.fractionBits)
                values[base + tap] = Int32(rounding: scaled < 0 ? scaled - 0.5 : scaled + 0.5, .towardZero) ?? 0
            }
            starts.append(start)
            counts.append(count)
        }
    }

    /// The old pixels that any of the new ones needs.
    var reach: Range<Int> {
        guard let first = starts.first, let last = starts.last, let count = counts.last else { return 0..<0 }
        return first..<last + count
    }
}
