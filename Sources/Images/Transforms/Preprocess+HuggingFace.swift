/// What a Hugging Face `preprocessor_config.json` says, field by field; nil where it says nothing.
public struct HuggingFacePreprocessor: Sendable, Hashable {
    /// The two ways to write a size.
    public enum Size: Sendable, Hashable {
        /// `224`, the older way; what it means depends on the processor.
        case side(Int)
        /// `{"shortest_edge": 224}`
        case shortestEdge(Int)
        /// `{"height": 224, "width": 224}`
        case sides(height: Int, width: Int)
    }

    /// `image_processor_type`, or `feature_extractor_type` in older files.
    public var processorType: String?
    public var size: Size?
    public var cropSize: Size?
    public var doResize: Bool?
    public var doCenterCrop: Bool?
    public var doRescale: Bool?
    public var rescaleFactor: Double?
    public var doNormalize: Bool?
    /// Pillow's code: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming.
    public var resample: Int?
    public var imageMean: [Double]?
    public var imageStd: [Double]?

    public init() {}

    /// Processors that take a bare number as the shorter side; to the others it is both sides.
    fileprivate var sideIsShortestEdge: Bool {
        guard let processorType else { return false }
        return ["Bit", "CLIP", "ConvNext", "Levit"].contains { processorType.hasPrefix($0) }
    }
}

extension Preprocess {
    /// The preparation that a Hugging Face processor makes.
    ///
    /// The result holds proportions, not sizes, so that it also serves a model whose input size was changed. Where the
    /// file says nothing, the defaults of `ViTImageProcessor` hold: bilinear, mean and std of ½, squashed to the size.
    ///
    /// - Throws: `ImageError.setting` naming the field that cannot be followed.
    public init(_ fields: HuggingFacePreprocessor) throws(ImageError) {
        if fields.doResize == false {
            throw ImageError.setting(
                name: "do_resize", reason: "false is not supported: images of any size must come to the model's")
        }
        if fields.doRescale == false || fields.rescaleFactor.map({ abs($0 * 255 - 1) <= 1e-3 }) == false {
            throw ImageError.setting(name: "rescale_factor", reason: "only 1/255 is supported")
        }
        let interpolation = try Self.interpolation(resample: fields.resample ?? 2)
        let normalizes = fields.doNormalize ?? true
        let half = [0.5, 0.5, 0.5]

        let size = fields.size ?? .side(224)
        let (edge, mode): ((height: Int, width: Int), CropMode) =
            switch size {
            case .shortestEdge(let side): ((side, side), .center)
            case .side(let side): ((side, side), fields.sideIsShortestEdge ? .center : .squash)
            case .sides(let height, let width): ((height, width), .squash)
            }
        var crop = edge
        if fields.doCenterCrop == true, let size = fields.cropSize {
            crop =
                switch size {
                case .side(let side), .shortestEdge(let side): (side, side)
                case .sides(let height, let width): (height, width)
                }
        }
        guard [edge.height, edge.width, crop.height, crop.width].allSatisfy({ $0 >= 1 && $0 <= 16_384 }) else {
            throw ImageError.setting(name: "size", reason: "sides must be between 1 and 16384 pixels")
        }
        guard mode == .squash || edge.height == edge.width, crop.height * edge.width == crop.width * edge.height else {
            throw ImageError.setting(name: "crop_size", reason: "must have the proportions of size")
        }
        try self.init(
            cropPct: Self.cropPct(crop: crop.height, edge: edge.height), interpolation: interpolation, cropMode: mode,
            cropRounding: .down, mean: normalizes ? fields.imageMean ?? half : [0, 0, 0],
            std: normalizes ? fields.imageStd ?? half : [1, 1, 1])
    }

    private static func interpolation(resample code: Int) throws(ImageError) -> Interpolation {
        switch code {
        case 1: .lanczos
        case 2: .bilinear
        case 3: .bicubic
        case 4: .box
        case 5: .hamming
        case 0:
            throw ImageError.setting(
                name: "resample", reason: "0 (nearest) is not supported; use 2 (bilinear) or 3 (bicubic)")
        default: throw ImageError.setting(name: "resample", reason: "\(code) is none of Pillow's codes 1 to 5")
        }
    }

    /// The fraction for which ⌊crop / fraction⌋ is `edge` again, in spite of rounding.
    private static func cropPct(crop: Int, edge: Int) -> Double {
        let fraction = Double(crop) / Double(edge)
        return (Double(crop) / fraction).rounded(.down) < Double(edge) ? fraction.nextDown : fraction
    }
}
