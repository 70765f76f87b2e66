import Glibc
import Platform
public import Tensors

/// A part of an image, pixels.
public struct CropBox: Sendable, Hashable {
    public var top: Int
    public var left: Int
    public var height: Int
    public var width: Int

    public init(top: Int, left: Int, height: Int, width: Int) {
        self.top = top
        self.left = left
        self.height = height
        self.width = width
    }

    /// The box of torchvision's `RandomResizedCrop`: up to ten tries, then the largest centred box whose proportions
    /// are allowed.
    ///
    /// - Parameters:
    ///   - scale: the part of the image's area, uniform.
    ///   - ratio: width by height, uniform in its logarithm.
    public static func random(
        height: Int, width: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>, random: inout RandomStream
    ) -> CropBox {
        for _ in 0..<10 {
            let size = drawnSize(height: height, width: width, scale: scale, ratio: ratio, random: &random)
            if (1...width).contains(size.width) && (1...height).contains(size.height) {
                return placed(size, height: height, width: width, random: &random)
            }
        }
        var size = (height: height, width: width)
        let proportion = Double(width) / Double(height)
        if proportion < ratio.lowerBound {
            size.height = Int(rounding: Double(width) / ratio.lowerBound, .toNearestOrEven, into: 1...height) ?? 1
        } else if proportion > ratio.upperBound {
            size.width = Int(rounding: Double(height) * ratio.upperBound, .toNearestOrEven, into: 1...width) ?? 1
        }
        return CropBox(
            top: (height - size.height) / 2, left: (width - size.width) / 2, height: size.height, width: size.width)
    }

    /// The box of MAE's linear probing, which follows TensorFlow: one try, whose sides are cut to the image's.
    public static func clipped(
        height: Int, width: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>, random: inout RandomStream
    ) -> CropBox {
        var size = drawnSize(height: height, width: width, scale: scale, ratio: ratio, random: &random)
        size.height = min(max(size.height, 1), height)
        size.width = min(max(size.width, 1), width)
        return placed(size, height: height, width: width, random: &random)
    }

    private static func drawnSize(
        height: Int, width: Int, scale: ClosedRange<Double>, ratio: ClosedRange<Double>, random: inout RandomStream
    ) -> (height: Int, width: Int) {
        let area = Double(height * width) * random.uniform(in: scale)
        let aspect = exp(random.uniform(in: log(ratio.lowerBound)...log(ratio.upperBound)))
        return (
            Int(rounding: (area / aspect).squareRoot(), .toNearestOrEven, into: 0...Int.max) ?? 0,
            Int(rounding: (area * aspect).squareRoot(), .toNearestOrEven, into: 0...Int.max) ?? 0
        )
    }

    private static func placed(
        _ size: (height: Int, width: Int), height: Int, width: Int, random: inout RandomStream
    ) -> CropBox {
        let top = random.below(height - size.height + 1), left = random.below(width - size.width + 1)
        return CropBox(top: top, left: left, height: size.height, width: size.width)
    }
}

extension Image {
    /// The part of the image in `box`, which must lie inside.
    public func cropped(_ box: CropBox) -> Image {
        cropped(top: box.top, left: box.left, height: box.height, width: box.width)
    }
}
