/// An image: 8-bit RGB pixels with value semantics.
public struct Image: Sendable, Hashable {
    /// Rows of pixels, 1 or more.
    public let height: Int
    /// Pixels in a row, 1 or more.
    public let width: Int
    /// (height, width, 3), row-major; red, green, blue.
    public let pixels: [UInt8]

    /// An image of `pixels`, whose count must be `height` · `width` · 3.
    public init(height: Int, width: Int, pixels: [UInt8]) {
        precondition(height > 0 && width > 0, "an image has at least one pixel, not \(height) × \(width)")
        precondition(
            pixels.count == height * width * 3, "\(pixels.count) bytes do not fill \(height) × \(width) pixels")
        self.height = height
        self.width = width
        self.pixels = pixels
    }

    /// An image of one colour.
    public init(height: Int, width: Int, red: UInt8, green: UInt8, blue: UInt8) {
        var pixels = [UInt8](repeating: red, count: height * width * 3)
        if green != red || blue != red {
            for start in stride(from: 0, to: pixels.count, by: 3) {
                pixels[start + 1] = green
                pixels[start + 2] = blue
            }
        }
        self.init(height: height, width: width, pixels: pixels)
    }

    /// The pixel in `row`, `column`.
    public subscript(row: Int, column: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
        precondition(row >= 0 && row < height && column >= 0 && column < width, "pixel outside the image")
        let start = (row * width + column) * 3
        return (pixels[start], pixels[start + 1], pixels[start + 2])
    }

    /// This image with `other` over it, whose first pixel comes to (`top`, `left`). What lies outside is cut off.
    public func overlaid(with other: Image, top: Int, left: Int) -> Image {
        let rows = max(top, 0)..<max(max(top, 0), min(top + other.height, height))
        let columns = max(left, 0)..<max(max(left, 0), min(left + other.width, width))
        var pixels = pixels
        for row in rows {
            let target = (row * width + columns.lowerBound) * 3
            let source = ((row - top) * other.width + columns.lowerBound - left) * 3
            pixels.replaceSubrange(
                target..<target + columns.count * 3, with: other.pixels[source..<source + columns.count * 3])
        }
        return Image(height: height, width: width, pixels: pixels)
    }
}
