import Platform
import Tensors

/// Smooth noise from random numbers on the unit lattice.
struct LatticeNoise {
    let random: RandomStream

    /// A random level at each corner, interpolated: 0…1.
    func value(at p: Point) -> Double {
        interpolated(at: p) { column, row, _ in random.uniform(at: position(column, row)) }
    }

    /// A random slope at each corner, interpolated (Perlin's gradient noise): about −0.7…0.7, zero at the corners, and
    /// without the square look of `value`.
    func slope(at p: Point) -> Double {
        interpolated(at: p) { column, row, offset in
            offset.dot(Self.directions[Int(random.bits(at: position(column, row)) >> 60)])
        }
    }

    private static let directions = (0..<16).map { Rotation(degrees: Double($0) * 22.5)(Point(1, 0)) }

    private func interpolated(at p: Point, _ corner: (Double, Double, Point) -> Double) -> Double {
        let left = p.x.rounded(.down), top = p.y.rounded(.down)
        let x = p.x - left, y = p.y - top
        let upper = mix(corner(left, top, Point(x, y)), corner(left + 1, top, Point(x - 1, y)), ease(x))
        let lower = mix(corner(left, top + 1, Point(x, y - 1)), corner(left + 1, top + 1, Point(x - 1, y - 1)), ease(x))
        return mix(upper, lower, ease(y))
    }

    private func position(_ column: Double, _ row: Double) -> UInt64 {
        UInt64(bitPattern: Int64(inRange: column)) &* 0x1_0000_0001 ^ UInt64(bitPattern: Int64(inRange: row))
            &* 0x9e37_79b1
    }

    private func mix(_ a: Double, _ b: Double, _ part: Double) -> Double { a + (b - a) * part }

    private func ease(_ t: Double) -> Double { t * t * (3 - 2 * t) }
}
