public import Platform

/// A label for each pixel, as masks of segmentation have them: 8 bits with value semantics.
public struct LabelImage: Sendable, Hashable {
    /// What says that a pixel has no label (VOC, ADE20K).
    public static let ignored: UInt8 = 255

    /// Rows of pixels, 1 or more.
    public let height: Int
    /// Pixels in a row, 1 or more.
    public let width: Int
    /// (height, width), row-major.
    public let labels: [UInt8]

    /// An image of `labels`, whose count must be `height` · `width`.
    public init(height: Int, width: Int, labels: [UInt8]) {
        precondition(height > 0 && width > 0, "an image has at least one pixel, not \(height) × \(width)")
        precondition(labels.count == height * width, "\(labels.count) labels do not fill \(height) × \(width) pixels")
        self.height = height
        self.width = width
        self.labels = labels
    }

    /// The mask in the bytes of a PNG file: the places in its palette, as VOC has them, or its grey levels, each of at
    /// most 8 bits. A camera's orientation is not looked at.
    ///
    /// - Throws: `ImageError`, as of other images; `noLabels` for other formats, colours, alpha and 16 bits.
    public static func decode(_ bytes: Bytes, limits: ImageLimits = .standard) throws(ImageError) -> LabelImage {
        let header = try ImageHeader(of: bytes, limits: limits)
        guard header.format == .png, try PNGHeader(of: bytes).bitsPerPixel <= 8 else {
            throw ImageError.noLabels(header.format)
        }
        return try PNG.decodeLabels(bytes, height: header.height, width: header.width)
    }

    /// Of each place in `kept` of a side of `new` pixels the nearest of the `old`: that at ⌊(i + ½) · old / new⌋.
    fileprivate static func nearest(_ kept: Range<Int>, from old: Int, to new: Int) -> [Int] {
        kept.map { min((2 * $0 + 1) * old / (2 * new), old - 1) }
    }
}

extension EvaluationTransform {
    /// The labels of exactly the pixels that `view` shows, each that of the nearest pixel; ignored where there is none.
    public func view(of mask: LabelImage) -> LabelImage {
        let size = scaledSize(height: mask.height, width: mask.width)
        let rows = Crop(from: size.height, to: height, rounding: preprocess.cropRounding)
        let columns = Crop(from: size.width, to: width, rounding: preprocess.cropRounding)
        // Nothing but what is kept is made: a mask of one row would be scaled to millions of pixels.
        let oldRows = LabelImage.nearest(rows.kept, from: mask.height, to: size.height)
        let oldColumns = LabelImage.nearest(columns.kept, from: mask.width, to: size.width)
        var labels = [UInt8](repeating: LabelImage.ignored, count: height * width)
        for (place, row) in oldRows.enumerated() {
            let start = (rows.margin + place) * width + columns.margin
            for (column, old) in oldColumns.enumerated() {
                labels[start + column] = mask.labels[row * mask.width + old]
            }
        }
        return LabelImage(height: height, width: width, labels: labels)
    }
}
