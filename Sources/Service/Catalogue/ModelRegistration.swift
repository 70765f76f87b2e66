public import Models

/// What somebody asks to be loaded under a name.
public struct ModelRegistration: Sendable, Equatable {
    public var name: String
    /// A file or a Hugging Face folder inside the models directory, or `upload:SHA256`.
    public var path: String
    /// A timm name or family that says what the names of the tensors leave open.
    public var arch: String?
    public var numHeads: Int?
    /// Another input size than the checkpoint's: position tables are resampled.
    public var imgSize: ImageSize?
    /// Which dictionary of the checkpoint, where several hold tensors (`teacher`).
    public var checkpointKey: String?
    /// `f32`, or nil for it.
    public var precision: String?
    public var preprocess: PreprocessOptions?

    public init(
        name: String, path: String, arch: String? = nil, numHeads: Int? = nil, imgSize: ImageSize? = nil,
        checkpointKey: String? = nil, precision: String? = nil, preprocess: PreprocessOptions? = nil
    ) {
        self.name = name
        self.path = path
        self.arch = arch
        self.numHeads = numHeads
        self.imgSize = imgSize
        self.checkpointKey = checkpointKey
        self.precision = precision
        self.preprocess = preprocess
    }
}

/// How images are prepared for a model, where that differs from the default; nil leaves a field as it is.
public struct PreprocessOptions: Sendable, Equatable, Codable {
    /// The share of the resized side that the centre crop keeps, in (0, 1].
    public var cropPct: Double?
    /// `bicubic` or `bilinear`.
    public var interpolation: String?
    /// One number a channel, subtracted from values in 0…1.
    public var mean: [Double]?
    /// One number a channel, divided by afterwards.
    public var std: [Double]?

    public init(cropPct: Double? = nil, interpolation: String? = nil, mean: [Double]? = nil, std: [Double]? = nil) {
        self.cropPct = cropPct
        self.interpolation = interpolation
        self.mean = mean
        self.std = std
    }
}
