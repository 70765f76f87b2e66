import Platform
public import Tensors

/// Views of images that a model sees: parts of its input, as large as that.
public enum ImageViews {
    /// A part of each image, enlarged to the whole size bilinearly (pixels are squares, nothing is smoothed), and
    /// mirrored left to right where asked for.
    public struct Part: Sendable, Equatable {
        public let top, left, height, width: Int
        public let isMirrored: Bool

        public init(top: Int, left: Int, height: Int, width: Int, isMirrored: Bool) {
            self.top = top
            self.left = left
            self.height = height
            self.width = width
            self.isMirrored = isMirrored
        }
    }

    /// - Parameters:
    ///   - images: (batch, channels, height, width).
    ///   - parts: of each image, within it.
    /// - Returns: the same shape.
    public static func views(_ images: Tensor, _ parts: [Part]) -> Tensor {
        let shape = images.shape
        precondition(shape.count == 4 && shape[0] == parts.count, "a part an image")
        let (channels, height, width) = (shape[1], shape[2], shape[3]), span = images.span
        var numbers: [Float] = []
        numbers.reserveCapacity(images.count)
        for (image, part) in parts.enumerated() {
            precondition(
                part.top >= 0 && part.left >= 0 && part.height > 0 && part.width > 0
                    && part.top + part.height <= height && part.left + part.width <= width, "a part beside the image")
            let ys = places(height, in: part.height, isMirrored: false)
            let xs = places(width, in: part.width, isMirrored: part.isMirrored)
            for channel in 0..<channels {
                let plane = (image * channels + channel) * height
                for y in ys {
                    let upper = (plane + part.top + y.low) * width + part.left
                    let lower = (plane + part.top + y.high) * width + part.left
                    for x in xs {
                        let above = span[upper + x.low] * (1 - x.share) + span[upper + x.high] * x.share
                        let below = span[lower + x.low] * (1 - x.share) + span[lower + x.high] * x.share
                        numbers.append(above * (1 - y.share) + below * y.share)
                    }
                }
            }
        }
        return Tensor(shape: shape, numbers)
    }

    /// Of each of `count` pixels the two of `extent` between which it lies, and how far it is from the first.
    private static func places(
        _ count: Int, in extent: Int, isMirrored: Bool
    ) -> [(low: Int, high: Int, share: Float)] {
        let places = (0..<count).map { index -> (low: Int, high: Int, share: Float) in
            let place = max((Double(index) + 0.5) * Double(extent) / Double(count) - 0.5, 0)
            let low = min(Int(rounding: place, .down) ?? 0, extent - 1)
            return (low, min(low + 1, extent - 1), Float(place - Double(low)))
        }
        return isMirrored ? places.reversed() : places
    }
}
