import Platform

/// Changes of colour, bit for bit as Pillow makes them for torchvision and timm.
extension Image {
    /// The image between black (`factor` 0) and itself (1), or beyond.
    public func adjustedBrightness(_ factor: Double) -> Image { blended(from: 0, factor) }

    /// The image between its mean grey (`factor` 0) and itself (1), or beyond.
    public func adjustedContrast(_ factor: Double) -> Image {
        let mean = Double(luminanceSum) / Double(height * width)
        return blended(from: UInt8(inRange: min(mean + 0.5, 255)), factor)
    }

    /// The image with every level from `threshold` on turned into its negative.
    public func solarized(threshold: Int = 128) -> Image {
        mapped(LevelTable { UInt8($0 < threshold ? $0 : 255 - $0) })
    }

    /// The image with `amount`, 0 to 255, added to levels below `threshold`.
    public func solarizedAdding(_ amount: Int, threshold: Int = 128) -> Image {
        precondition((0...255).contains(amount), "an amount of 0 to 255, not \(amount)")
        return mapped(LevelTable { UInt8($0 < threshold ? min(255, $0 + amount) : $0) })
    }

    /// The image with only the upper `bits` of each level, 0 to 8; none leaves black.
    public func posterized(bits: Int) -> Image {
        precondition((0...8).contains(bits), "0 to 8 bits, not \(bits)")
        return bits == 8 ? self : mapped(LevelTable { UInt8(($0 >> (8 - bits)) << (8 - bits)) })
    }

    /// The negative.
    public func inverted() -> Image { mapped(LevelTable { UInt8(255 - $0) }) }

    /// The image with each colour stretched to reach from 0 to 255.
    public func autoContrasted() -> Image {
        let histogram = histogram
        let scales = (0..<3).map { colour -> (scale: Double, offset: Double) in
            let counts = histogram[colour * 256..<colour * 256 + 256]
            let low = (counts.firstIndex { $0 > 0 } ?? counts.startIndex) - counts.startIndex
            let high = (counts.lastIndex { $0 > 0 } ?? counts.startIndex) - counts.startIndex
            guard high > low else { return (1, 0) }
            let scale = 255 / Double(high - low)
            return (scale, Double(-low) * scale)
        }
        return mapped(
            LevelTable(eachColour: { colour, old in
                UInt8(
                    rounding: Double(old) * scales[colour].scale + scales[colour].offset, .towardZero, into: 0...255)
                    ?? 0
            }))
    }

    /// The image with the levels of each colour spread so that all occur about equally often.
    public func equalized() -> Image {
        let histogram = histogram
        return mapped(
            LevelTable(
                levels: (0..<3).flatMap { colour -> [UInt8] in
                    let counts = histogram[colour * 256..<colour * 256 + 256]
                    let last = counts.last { $0 > 0 } ?? 0
                    let step = (counts.reduce(0, +) - last) / 255
                    guard step > 0 else { return (0..<256).map { UInt8($0) } }
                    var below = step / 2
                    return counts.map { count in
                        defer { below += count }
                        return UInt8(min(below / step, 255))
                    }
                }))
    }

    /// `from` + `factor` · (level − `from`), cut and clipped.
    private func blended(from: UInt8, _ factor: Double) -> Image {
        precondition(factor.isFinite, "a factor is a number")
        let factor = Float(factor)
        return factor == 1 ? self : mapped(LevelTable { blend(from, UInt8($0), factor) })
    }
}
