import Platform

/// What each 8-bit level becomes: 256 levels for red, then for green, then for blue.
struct LevelTable {
    let levels: [UInt8]

    /// The same table for the three colours.
    init(_ level: (Int) -> UInt8) {
        let one = (0..<256).map(level)
        levels = one + one + one
    }

    /// A table of its own for each colour: 0 red, 1 green, 2 blue.
    init(eachColour level: (_ colour: Int, _ old: Int) -> UInt8) {
        levels = (0..<3).flatMap { colour in (0..<256).map { level(colour, $0) } }
    }

    /// 768 levels.
    init(levels: [UInt8]) {
        precondition(levels.count == 768, "three tables of 256 levels")
        self.levels = levels
    }
}

extension Image {
    /// An image of this size whose bytes `body` writes, all of them, from those of this one.
    func rewritten(
        _ body: (_ source: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>, _ count: Int) -> Void
    ) -> Image {
        let count = pixels.count
        let result = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            pixels.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                body(source, target, count)
            }
            written = count
        }
        return Image(height: height, width: width, pixels: result)
    }

    /// The image with each level looked up in `table`, as Pillow's `point`.
    func mapped(_ table: LevelTable) -> Image {
        rewritten { source, target, count in
            table.levels.withUnsafeBufferPointer { levels in
                for pixel in stride(from: 0, to: count, by: 3) {
                    target[pixel] = levels[Int(source[pixel])]
                    target[pixel &+ 1] = levels[256 &+ Int(source[pixel &+ 1])]
                    target[pixel &+ 2] = levels[512 &+ Int(source[pixel &+ 2])]
                }
            }
        }
    }

    /// How often each level occurs: 256 counts for red, then for green, then for blue.
    var histogram: [Int] {
        var counts = [Int](repeating: 0, count: 768)
        counts.withUnsafeMutableBufferPointer { counts in
            pixels.withUnsafeBufferPointer { source in
                for pixel in stride(from: 0, to: source.count, by: 3) {
                    counts[Int(source[pixel])] += 1
                    counts[256 + Int(source[pixel + 1])] += 1
                    counts[512 + Int(source[pixel + 2])] += 1
                }
            }
        }
        return counts
    }

    /// The sum of the luminance of all pixels.
    var luminanceSum: Int {
        pixels.withUnsafeBufferPointer { source in
            var sum = 0
            for pixel in stride(from: 0, to: source.count, by: 3) {
                sum += Int(luminance(source[pixel], source[pixel + 1], source[pixel + 2]))
            }
            return sum
        }
    }

    /// Each pixel as its luminance, 0.299 red + 0.587 green + 0.114 blue, bit for bit as Pillow's `convert("L")`.
    public func grayscale() -> Image {
        rewritten { source, target, count in
            for pixel in stride(from: 0, to: count, by: 3) {
                let level = luminance(source[pixel], source[pixel &+ 1], source[pixel &+ 2])
                target[pixel] = level
                target[pixel &+ 1] = level
                target[pixel &+ 2] = level
            }
        }
    }

    /// The image between its grey version (`factor` 0) and itself (1), or beyond; Pillow's `ImageEnhance.Color`.
    public func adjustedSaturation(_ factor: Double) -> Image {
        precondition(factor.isFinite, "a factor is a number")
        let factor = Float(factor)
        if factor == 1 { return self }
        return rewritten { source, target, count in
            for pixel in stride(from: 0, to: count, by: 3) {
                let gray = luminance(source[pixel], source[pixel &+ 1], source[pixel &+ 2])
                target[pixel] = blend(gray, source[pixel], factor)
                target[pixel &+ 1] = blend(gray, source[pixel &+ 1], factor)
                target[pixel &+ 2] = blend(gray, source[pixel &+ 2], factor)
            }
        }
    }

    /// The image between a smoothed version (`factor` 0) and itself (1), or beyond; Pillow's `ImageEnhance.Sharpness`.
    public func adjustedSharpness(_ factor: Double) -> Image {
        precondition(factor.isFinite, "a factor is a number")
        let factor = Float(factor)
        if factor == 1 { return self }
        return rewritten { source, target, count in
            // The smoothing leaves the margin alone.
            target.update(from: source, count: count)
            guard height > 2, width > 2 else { return }
            let line = width * 3
            for row in 1..<height - 1 {
                for index in row * line + 3..<(row + 1) * line - 3 {
                    var sum = 4 * Int(source[index])
                    for above in [index - line, index, index + line] {
                        sum += Int(source[above - 3]) + Int(source[above]) + Int(source[above + 3])
                    }
                    // Thirteenths, rounded: a tie cannot occur.
                    target[index] = blend(UInt8((2 * sum + 13) / 26), source[index], factor)
                }
            }
        }
    }

    /// The mirror image, left for right.
    public func flippedHorizontally() -> Image {
        gathered(rows: height, columns: width, first: width - 1, rowStep: width, columnStep: -1)
    }
}

/// Pillow's luminance in 16-bit fixed point.
@inline(__always)
private func luminance(_ red: UInt8, _ green: UInt8, _ blue: UInt8) -> UInt8 {
    let sum = 19_595 &* UInt32(red) &+ 38_470 &* UInt32(green) &+ 7_471 &* UInt32(blue) &+ 32_768
    return UInt8(truncatingIfNeeded: sum >> 16)
}

/// Pillow's `blend`: single precision, cut to an integer, clipped.
@inline(__always)
func blend(_ from: UInt8, _ to: UInt8, _ factor: Float) -> UInt8 {
    let level = Float(from) + factor * (Float(to) - Float(from))
    return UInt8(inRange: Double(min(max(level, 0), 255)))
}
