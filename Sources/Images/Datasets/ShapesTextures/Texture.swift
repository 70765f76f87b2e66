import Tensors

import Glibc

extension ShapesTextures {
    /// The ten fillings, in the order of their labels.
    public enum Texture: String, Sendable, CaseIterable {
        case stripes, checks, dots, grid, waves, noise, blotches, rings, zigzag, bricks
    }
}

/// A filling at a place, in a direction and of a period.
struct Filling {
    let texture: ShapesTextures.Texture
    /// Where the pattern begins, pixels.
    let origin: Point
    /// Pixels after which the pattern repeats.
    let period: Double
    let rotation: Rotation
    let random: RandomStream

    /// How much of the second colour the pixel at `place` has, 0…1; edges are about one pixel soft.
    func coverage(at place: Point) -> Double {
        let p = rotation(place - origin) * (1 / period)
        switch texture {
        case .stripes: return soft(wave(p.y) - 0.25)
        case .checks:
            // Soft signs of the two directions; their product is a chessboard.
            let x = 2 * soft(wave(p.x) - 0.25) - 1, y = 2 * soft(wave(p.y) - 0.25) - 1
            return 0.5 + 0.5 * x * y
        case .dots: return soft(0.34 - cell(p).length)
        case .grid: return max(soft(0.13 - wave(p.x)), soft(0.13 - wave(p.y)))
        case .waves:
            let slope = cos(p.x * 2 * .pi / 1.6)
            return soft((wave(p.y + 0.3 * sin(p.x * 2 * .pi / 1.6)) - 0.25) / (1 + slope * slope * 1.4).squareRoot())
        case .noise: return speckle(p * 6)
        case .blotches: return soft(blot(p * 1.6) * 0.5)
        case .rings: return soft(wave(p.length) - 0.25)
        case .zigzag: return soft((wave(p.y + 2 * (wave(p.x) - 0.25) * 0.55) - 0.25) * 0.68)
        case .bricks:
            let row = (p.y * 2).rounded(.down)
            let shift = row.truncatingRemainder(dividingBy: 2) == 0 ? 0.0 : 0.5
            return min(soft(wave(p.y * 2) / 2 - 0.055), soft(wave(p.x + shift) - 0.055))
        }
    }

    /// A distance in periods as a coverage.
    private func soft(_ distance: Double) -> Double { clamped(0.5 + distance * period) }

    /// The distance from the nearest integer, 0…½: the triangle wave all lines are made of.
    private func wave(_ x: Double) -> Double { abs(x - x.rounded()) }

    /// The place within a cell of the unit lattice, −½…½ each.
    private func cell(_ p: Point) -> Point { Point(p.x - p.x.rounded(), p.y - p.y.rounded()) }

    /// A random number for each cell, sharpened towards the two colours.
    private func speckle(_ p: Point) -> Double {
        clamped((LatticeNoise(random: random).value(at: p) - 0.5) * 2.6 + 0.5)
    }

    /// Round blots, above 0, and the room between them.
    private func blot(_ p: Point) -> Double { LatticeNoise(random: random).slope(at: p) }
}
