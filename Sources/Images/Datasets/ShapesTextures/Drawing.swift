import Platform
import Tensors

/// Everything that is drawn for one image of `ShapesTextures`, decided before the first pixel.
struct Drawing {
    private let shape: ShapesTextures.Shape
    private let filling: Filling
    private let cue: ShapesTextures.Cue
    private let side: Int
    private let center: Point
    /// Pixels from the centre of the silhouette to its tips.
    private let radius: Double
    private let rotation: Rotation
    private let first, second: Colour
    private let background: Background
    private let grain: RandomStream

    init(
        shape: ShapesTextures.Shape, texture: ShapesTextures.Texture, cue: ShapesTextures.Cue, side: Int,
        random stream: RandomStream
    ) {
        var random = stream
        let length = Double(side)
        self.shape = shape
        self.cue = cue
        self.side = side
        let reach = random.uniform(in: 0.34...0.46)
        radius = reach * length
        // The tips may come to the edge of the image, not beyond.
        let jitter = 0.5 - reach
        center = Point(
            (0.5 + random.uniform(in: -jitter...jitter)) * length, (0.5 + random.uniform(in: -jitter...jitter)) * length
        )
        rotation = Rotation(degrees: random.uniform(in: -30...30))

        // 9 to 12 of 48 pixels: 1.5 to 2 patches of the demo's models.
        let period = random.uniform(in: 9...12) / 48 * length
        let turn = Rotation(degrees: random.uniform(in: -14...14))
        let phase = Point(random.uniform(in: -0.5...0.5), random.uniform(in: -0.5...0.5)) * period
        // Rings need their middle in sight; the other patterns look the same from everywhere.
        let origin = center + phase * (texture == .rings ? 0.6 : 1)
        filling = Filling(texture: texture, origin: origin, period: period, rotation: turn, random: random.stream(1))

        // The background is darker than both colours or brighter than both, so that luminance alone finds the
        // silhouette, whatever the texture does.
        let isDark = random.uniform() < 0.5
        let (low, high, ground) =
            isDark
            ? (random.uniform(in: 0.36...0.46), random.uniform(in: 0.72...0.86), random.uniform(in: 0.07...0.17))
            : (random.uniform(in: 0.12...0.22), random.uniform(in: 0.48...0.58), random.uniform(in: 0.86...0.94))
        let hue = random.uniform(), otherHue = random.uniform()
        let colours = [
            Colour(hue: hue, saturation: random.uniform(in: 0.6...0.95), luminance: low),
            Colour(hue: otherHue, saturation: random.uniform(in: 0.6...0.95), luminance: high),
        ]
        let swaps = random.uniform() < 0.5
        first = colours[swaps ? 1 : 0]
        second = colours[swaps ? 0 : 1]
        background = Background(luminance: ground, side: length, random: &random)
        grain = random.stream(2)
    }

    func drawn() -> Image {
        var pixels: [UInt8] = []
        pixels.reserveCapacity(side * side * 3)
        for row in 0..<side {
            for column in 0..<side {
                let levels = colour(at: Point(Double(column) + 0.5, Double(row) + 0.5))
                    .brightened(by: noise(at: row * side + column)).levels
                pixels.append(levels.red)
                pixels.append(levels.green)
                pixels.append(levels.blue)
            }
        }
        return Image(height: side, width: side, pixels: pixels)
    }

    /// `label` where the silhouette covers half of a pixel or more, 0 elsewhere.
    func mask(label: UInt8) -> LabelImage {
        var labels: [UInt8] = []
        labels.reserveCapacity(side * side)
        for row in 0..<side {
            for column in 0..<side {
                let place = Point(Double(column) + 0.5, Double(row) + 0.5)
                let isInside = cue == .texture || shape.distance(rotation(place - center) * (1 / radius)) <= 0
                labels.append(isInside ? label : 0)
            }
        }
        return LabelImage(height: side, width: side, labels: labels)
    }

    private func colour(at place: Point) -> Colour {
        if cue == .texture { return fill(at: place) }
        let distance = shape.distance(rotation(place - center) * (1 / radius)) * radius
        let inside = clamped(0.5 - distance)
        if inside == 0 { return background.colour(at: place) }
        if inside == 1 { return fill(at: place) }
        return background.colour(at: place).mixed(with: fill(at: place), inside)
    }

    private func fill(at place: Point) -> Colour {
        cue == .shape ? first : first.mixed(with: second, filling.coverage(at: place))
    }

    /// Noise of standard deviation 0.015: the sum of four uniform numbers, from one draw of random bits.
    private func noise(at pixel: Int) -> Double {
        let bits = grain.bits(at: UInt64(pixel))
        let sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + bits >> 48
        return (Double(sum) / 65_535 - 2) * 0.015 / (1.0 / 3).squareRoot()
    }
}

/// What lies around the silhouette: plain, a gradient, or smooth blotches, all close to one luminance.
private struct Background {
    private enum Kind { case plain, gradient, blotches }

    private let kind: Kind
    private let from, to: Colour
    private let direction: Point
    private let middle: Point
    private let scale: Double
    private let noise: LatticeNoise

    init(luminance: Double, side: Double, random: inout RandomStream) {
        kind = [Kind.plain, .gradient, .blotches][random.below(3)]
        let hue = random.uniform(), saturation = random.uniform(in: 0.1...0.6), spread = 0.05
        from = Colour(hue: hue, saturation: saturation, luminance: luminance - spread)
        to = Colour(hue: hue + random.uniform(in: -0.15...0.15), saturation: saturation, luminance: luminance + spread)
        direction = Rotation(degrees: random.uniform(in: 0...360))(Point(1 / side, 0))
        middle = Point(side / 2, side / 2)
        scale = random.uniform(in: 2.5...4) / side
        noise = LatticeNoise(random: random.stream(3))
    }

    func colour(at place: Point) -> Colour {
        switch kind {
        case .plain: from.mixed(with: to, 0.5)
        case .gradient: from.mixed(with: to, clamped(0.5 + (place - middle).dot(direction)))
        case .blotches: from.mixed(with: to, noise.value(at: place * scale))
        }
    }
}
