import Platform

extension Image {
    /// The image transformed, in its own size, with bicubic interpolation (a = −1); what comes from outside has the
    /// colour `fill`. Bit for bit as Pillow's `transform` with `AFFINE`.
    public func transformed(_ affine: Affine, fill: [UInt8]) -> Image {
        precondition(fill.count == 3, "a fill has red, green and blue")
        return rewritten { source, target, _ in
            var to = 0
            for row in 0..<height {
                for column in 0..<width {
                    let atX = Double(column) + 0.5, atY = Double(row) + 0.5
                    let x = affine.a * atX + affine.b * atY + affine.c
                    let y = affine.d * atX + affine.e * atY + affine.f
                    if x < 0 || y < 0 || x >= Double(width) || y >= Double(height) {
                        for colour in 0..<3 { target[to + colour] = fill[colour] }
                    } else {
                        interpolate(source, x - 0.5, y - 0.5, to: target + to)
                    }
                    to += 3
                }
            }
        }
    }

    /// The colours at column `x`, row `y`, which lie at most half a pixel outside.
    @inline(__always)
    private func interpolate(
        _ source: UnsafePointer<UInt8>, _ x: Double, _ y: Double, to target: UnsafeMutablePointer<UInt8>
    ) {
        let left = Int(inRange: x.rounded(.down)), top = Int(inRange: y.rounded(.down))
        let dx = x - Double(left), dy = y - Double(top)
        func clipped(_ column: Int) -> Int { min(max(column, 0), width - 1) * 3 }
        let columns = (clipped(left - 1), clipped(left), clipped(left + 1), clipped(left + 2))
        func along(_ row: Int, _ colour: Int) -> Double {
            let line = source + row * width * 3 + colour
            return cubic(
                Double(line[columns.0]), Double(line[columns.1]), Double(line[columns.2]), Double(line[columns.3]), dx)
        }
        for colour in 0..<3 {
            // A row below the image is the one before it.
            let first = along(min(max(top - 1, 0), height - 1), colour)
            let second = (0..<height).contains(top) ? along(top, colour) : first
            let third = (0..<height).contains(top + 1) ? along(top + 1, colour) : second
            let fourth = (0..<height).contains(top + 2) ? along(top + 2, colour) : third
            let level = cubic(first, second, third, fourth, dy)
            target[colour] = UInt8(inRange: min(max(level, 0), 255))
        }
    }
}

/// The cubic through four samples, between the second and the third.
@inline(__always)
private func cubic(_ a: Double, _ b: Double, _ c: Double, _ d: Double, _ t: Double) -> Double {
    let second = -a + c, third = 2 * (a - b) + c - d, fourth = -a + b - c + d
    return b + t * (second + t * (third + t * fourth))
}
