/// How a model wants its images prepared.
public struct Preprocess: Sendable, Hashable, Codable {
    /// What happens to the sides of an image whose shape is not the model's. Raw values are timm's `crop_mode`.
    public enum CropMode: String, Sendable, CaseIterable, Codable {
        /// The shorter side is brought to size, what is too long is cut off.
        case center
        /// Both sides are brought to size, whatever that does to the proportions.
        case squash
        /// The longer side is brought to size, what is too short is filled up with the mean colour.
        case border

        /// The mode called `name`.
        ///
        /// - Throws: `ImageError.setting` naming those there are.
        public init(named name: String) throws(ImageError) {
            guard let mode = Self(rawValue: name) else {
                throw ImageError.setting(
                    name: "crop_mode",
                    reason: "“\(name.prefix(40))” is none of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            self = mode
        }
    }

    /// Where the crop lies when the margins cannot be equal.
    public enum CropRounding: String, Sendable, Codable {
        /// The upper left margin is rounded to the nearest integer, ties to even, as torchvision does.
        case halfToEven = "half_to_even"
        /// It is rounded down, as Hugging Face's processors do.
        case down
    }

    /// The side of the crop as a fraction of the side before it.
    public let cropPct: Double
    public let interpolation: Interpolation
    public let cropMode: CropMode
    public let cropRounding: CropRounding
    /// Subtracted from red, green and blue, which lie in 0…1.
    public let mean: [Double]
    /// What the differences are divided by.
    public let std: [Double]

    public static let imageNetMean = [0.485, 0.456, 0.406]
    public static let imageNetStd = [0.229, 0.224, 0.225]

    /// timm's evaluation defaults: 0.875, bicubic, ImageNet's mean and standard deviation.
    public static let standard = Preprocess(
        trusted: 0.875, interpolation: .bicubic, cropMode: .center, cropRounding: .halfToEven,
        mean: imageNetMean, std: imageNetStd)

    /// - Throws: `ImageError.setting` for a number that makes no sense.
    public init(
        cropPct: Double = 0.875, interpolation: Interpolation = .bicubic, cropMode: CropMode = .center,
        cropRounding: CropRounding = .halfToEven, mean: [Double] = Preprocess.imageNetMean,
        std: [Double] = Preprocess.imageNetStd
    ) throws(ImageError) {
        guard cropPct >= 0.05, cropPct <= 2 else {
            throw ImageError.setting(name: "crop_pct", reason: "must be between 0.05 and 2, not \(cropPct)")
        }
        guard mean.count == 3, mean.allSatisfy({ abs($0) <= 1000 }) else {
            throw ImageError.setting(name: "mean", reason: "must be three numbers, for red, green and blue in 0…1")
        }
        guard std.count == 3, std.allSatisfy({ $0 >= 1e-6 && $0 <= 1000 }) else {
            throw ImageError.setting(
                name: "std", reason: "must be three positive numbers, for red, green and blue in 0…1")
        }
        self.init(
            trusted: cropPct, interpolation: interpolation, cropMode: cropMode, cropRounding: cropRounding,
            mean: mean,
            std: std)
    }

    private init(
        trusted cropPct: Double, interpolation: Interpolation, cropMode: CropMode, cropRounding: CropRounding,
        mean: [Double], std: [Double]
    ) {
        self.cropPct = cropPct
        self.interpolation = interpolation
        self.cropMode = cropMode
        self.cropRounding = cropRounding
        self.mean = mean
        self.std = std
    }
}
