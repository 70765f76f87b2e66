import Platform

/// Red, green and blue, 0…1 each.
struct Colour {
    var red, green, blue: Double

    init(_ red: Double, _ green: Double, _ blue: Double) {
        self.red = red
        self.green = green
        self.blue = blue
    }

    /// The colour of this hue and luminance.
    ///
    /// - Parameters:
    ///   - hue: 0…1, once around the circle.
    ///   - saturation: 0 (grey) to 1.
    ///   - luminance: 0…1, as in ITU-R 601, the grey that Pillow's `L` makes of it.
    init(hue: Double, saturation: Double, luminance: Double) {
        func channel(_ shift: Double) -> Double {
            let position = (hue + shift) - (hue + shift).rounded(.down)
            return clamped(abs(position * 6 - 3) - 1)
        }
        let pure = Colour(channel(0), channel(2.0 / 3), channel(1.0 / 3))
        // Towards black or white until the luminance is right, then towards the grey of the same luminance.
        let own = pure.luminance
        let toned =
            luminance <= own
            ? pure.mixed(with: .black, 1 - luminance / own) : pure.mixed(with: .white, (luminance - own) / (1 - own))
        self = Colour(luminance, luminance, luminance).mixed(with: toned, saturation)
    }

    static let black = Colour(0, 0, 0)
    static let white = Colour(1, 1, 1)

    var luminance: Double { 0.299 * red + 0.587 * green + 0.114 * blue }

    /// `part` of the other colour, the rest of this.
    func mixed(with other: Colour, _ part: Double) -> Colour {
        Colour(
            red + (other.red - red) * part, green + (other.green - green) * part, blue + (other.blue - blue) * part)
    }

    /// All channels raised by `amount`.
    func brightened(by amount: Double) -> Colour { Colour(red + amount, green + amount, blue + amount) }

    /// 8-bit levels.
    var levels: (red: UInt8, green: UInt8, blue: UInt8) {
        func level(_ value: Double) -> UInt8 { UInt8(inRange: (clamped(value) * 255).rounded()) }
        return (level(red), level(green), level(blue))
    }
}
