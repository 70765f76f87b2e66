import Platform
public import Tensors

/// timm's evaluation transform: the image scaled by its crop mode, the middle cut out, normalized.
///
/// `center` brings the shorter side to ⌊size / cropPct⌋; a rectangular model is covered as timm's `ResizeKeepRatio` does,
/// by the smallest image of the same proportions. `squash` brings each side to ⌊size / cropPct⌋. `border` brings the
/// side to ⌊size / cropPct⌋ that is the longer one for it, and fills up with the mean colour.
public struct EvaluationTransform: Sendable, Hashable, Codable {
    /// Pixels of the model's input.
    public let height: Int
    /// Pixels of the model's input.
    public let width: Int
    public let preprocess: Preprocess

    /// - Parameters:
    ///   - height: of the model's input, 1 to 16,384 pixels.
    ///   - width: the same.
    public init(height: Int, width: Int, preprocess: Preprocess = .standard) {
        precondition(
            (1...16_384).contains(height) && (1...16_384).contains(width),
            "a model's input has 1 to 16384 pixels a side, not \(height) × \(width)")
        self.height = height
        self.width = width
        self.preprocess = preprocess
    }

    /// Exactly the pixels the model sees, (height, width) of them, before they are normalized.
    ///
    /// Bit for bit those of Pillow and torchvision. Where the scaled image is smaller than the input, the rest is
    /// black, or the mean colour for `border`.
    public func view(of image: Image) -> Image {
        let size = scaledSize(height: image.height, width: image.width)
        let rows = Crop(from: size.height, to: height, rounding: preprocess.cropRounding)
        let columns = Crop(from: size.width, to: width, rounding: preprocess.cropRounding)
        let part = image.resized(
            height: size.height, width: size.width, rows: rows.kept, columns: columns.kept,
            interpolation: preprocess.interpolation)
        if part.height == height && part.width == width { return part }
        let fill = fill
        return Image(height: height, width: width, red: fill[0], green: fill[1], blue: fill[2])
            .overlaid(with: part, top: rows.margin, left: columns.margin)
    }

    /// The model's input, (3, height, width).
    public func tensor(of image: Image) -> Tensor { normalized(view(of: image)) }

    /// The model's input of several images, (images, 3, height, width).
    public func tensor(of images: [Image]) -> Tensor { Tensor.stacking(images.map(tensor)) }

    /// What `view` returned as the model's input, (3, height, width): scaled to 0…1, mean subtracted, divided by std,
    /// each rounded to single precision as torchvision does.
    public func normalized(_ view: Image) -> Tensor {
        var numbers: [Float] = []
        numbers.reserveCapacity(view.pixels.count)
        for channel in 0..<3 {
            let mean = Float(preprocess.mean[channel]), std = Float(preprocess.std[channel])
            let levels = (0..<256).map { (Float($0) / 255 - mean) / std }
            for index in stride(from: channel, to: view.pixels.count, by: 3) {
                numbers.append(levels[Int(view.pixels[index])])
            }
        }
        return Tensor(shape: [3, view.height, view.width], numbers)
    }

    /// What an image that is too small is filled up with: red, green, blue.
    private var fill: [UInt8] {
        guard preprocess.cropMode == .border else { return [0, 0, 0] }
        return preprocess.mean.map { UInt8(rounding: $0 * 255, .toNearestOrEven, into: 0...255) ?? 0 }
    }

    /// The size of the whole image before the crop.
    func scaledSize(height own: Int, width across: Int) -> (height: Int, width: Int) {
        let targetHeight = Self.side(Double(height) / preprocess.cropPct, .down)
        let targetWidth = Self.side(Double(width) / preprocess.cropPct, .down)
        let down = Double(own) / Double(targetHeight), wide = Double(across) / Double(targetWidth)
        func scaled(_ side: Int, by ratio: Double) -> Int { Self.side(Double(side) / ratio, .toNearestOrEven) }
        switch preprocess.cropMode {
        case .squash: return (targetHeight, targetWidth)
        case .border:
            let ratio = max(down, wide)
            return (scaled(own, by: ratio), scaled(across, by: ratio))
        case .center: break
        }
        if targetHeight == targetWidth {
            // torchvision's Resize of the shorter side: the other one is cut to an integer.
            let short = min(own, across), long = max(own, across)
            let longer = Self.side(Double(targetHeight * long) / Double(short), .down)
            return across <= own ? (longer, targetHeight) : (targetHeight, longer)
        }
        let ratio = min(down, wide)
        return (scaled(own, by: ratio), scaled(across, by: ratio))
    }

    /// A whole number of pixels, one at the least.
    private static func side(_ pixels: Double, _ rule: FloatingPointRoundingRule) -> Int {
        Int(rounding: pixels, rule, into: 1...1 << 31) ?? 1
    }
}
