import Glibc
public import Platform
public import Tensors

/// Noise of one band of frequencies, for asking which frequencies a model relies on (Park and Kim 2022, figure 2b).
///
/// The band lies between two squares around frequency 0: side 2⌊(f + s)·h/2π⌋ outside and 2⌊(f − s)·h/2π⌋ inside, so
/// that it holds the frequencies −w/2 … w/2 − 1 of the outer square without those of the inner one. Such a square is not
/// symmetric, and the imaginary part that remains is left out, as the published code does. Taking out a square is a
/// product with one matrix from each side, which is exact and needs no transform.
public struct FrequencyBandNoise: Sendable {
    public let height: Int
    public let width: Int
    /// Sides of both squares, in frequencies: (rows, columns).
    public let outer: (rows: Int, cols: Int)
    public let inner: (rows: Int, cols: Int)
    private let keepsOuter: [Projection]
    private let keepsInner: [Projection]

    /// - Parameters:
    ///   - height: pixels, an even number, as `width`.
    ///   - frequency: the band's middle, in units of π, as `halfWindow`.
    public init(height: Int, width: Int, frequency: Double, halfWindow: Double) {
        precondition(Self.fits(height: height, width: width), "band noise needs even sides, not \(height)×\(width)")
        precondition(frequency.isFinite && halfWindow.isFinite, "frequencies are numbers")
        self.height = height
        self.width = width
        outer = (Self.side(frequency + halfWindow, of: height), Self.side(frequency + halfWindow, of: width))
        inner = (Self.side(frequency - halfWindow, of: height), Self.side(frequency - halfWindow, of: width))
        keepsOuter = [Projection(side: height, keeping: outer.rows), Projection(side: width, keeping: outer.cols)]
        keepsInner = [Projection(side: height, keeping: inner.rows), Projection(side: width, keeping: inner.cols)]
    }

    /// Whether images of this size have such bands: with odd sides the two squares have no common middle.
    public static func fits(height: Int, width: Int) -> Bool {
        height > 0 && width > 0 && height % 2 == 0 && width % 2 == 0
    }

    /// How many frequencies the band holds.
    public var count: Int { outer.rows * outer.cols - inner.rows * inner.cols }

    /// The part of `noise` (height, width) that lies in the band.
    public func band(of noise: DoubleMatrix, pool: ThreadPool) -> DoubleMatrix {
        precondition(noise.rows == height && noise.cols == width, "noise of another size")
        let all = Self.part(noise, keepsOuter, pool), without = Self.part(noise, keepsInner, pool)
        return DoubleMatrix(rows: height, cols: width, zip(all.values, without.values).map { $0 - $1 })
    }

    /// Real part of P·noise·Qᵀ with P = A + iB: A·noise·Aᵀ − B·noise·Bᵀ.
    private static func part(_ noise: DoubleMatrix, _ sides: [Projection], _ pool: ThreadPool) -> DoubleMatrix {
        let even = sides[0].even.product(noise, pool: pool).productTransposed(sides[1].even, pool: pool)
        let odd = sides[0].odd.product(noise, pool: pool).productTransposed(sides[1].odd, pool: pool)
        return DoubleMatrix(rows: noise.rows, cols: noise.cols, zip(even.values, odd.values).map { $0 - $1 })
    }

    /// The side of a square up to `frequency`·π. What misses a whole number by rounding alone counts as one.
    private static func side(_ frequency: Double, of size: Int) -> Int {
        2 * (Int(rounding: min(max(frequency, 0), 1) * Double(size) / 2 + 1e-9, .down, into: 0...size / 2) ?? 0)
    }
}

/// The matrix that keeps the frequencies −w/2 … w/2 − 1 of a side: real and imaginary part, (side, side) each.
private struct Projection: Sendable {
    let even: DoubleMatrix
    let odd: DoubleMatrix

    init(side: Int, keeping count: Int) {
        let frequencies = -count / 2..<count - count / 2
        // Entry (a, b) depends on a − b alone.
        let entries = (0..<side).map { step in
            var sum = (real: 0.0, imaginary: 0.0)
            for frequency in frequencies {
                let turn = ((frequency * step) % side + side) % side
                let angle = 2 * Double.pi * Double(turn) / Double(side)
                sum.real += cos(angle)
                sum.imaginary += sin(angle)
            }
            return (sum.real / Double(side), sum.imaginary / Double(side))
        }
        var real: [Double] = [], imaginary: [Double] = []
        for a in 0..<side {
            for b in 0..<side {
                let entry = entries[(a - b + side) % side]
                real.append(entry.0)
                imaginary.append(entry.1)
            }
        }
        even = DoubleMatrix(rows: side, cols: side, real)
        odd = DoubleMatrix(rows: side, cols: side, imaginary)
    }
}
