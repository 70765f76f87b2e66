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
    /// What stands between the layers of an MLP, where the file does not tell: a raw value of `ActivationFunction`.
    public var activation: String?
    /// `f32`, or nil for it.
    public var precision: String?
    public var preprocess: PreprocessOptions?

    public init(
        name: String, path: String, arch: String? = nil, numHeads: Int? = nil, imgSize: ImageSize? = nil,
        checkpointKey: String? = nil, activation: String? = nil, precision: String? = nil,
        preprocess: PreprocessOptions? = nil
    ) {
        self.name = name
        self.path = path
        self.arch = arch
        self.numHeads = numHeads
        self.imgSize = imgSize
        self.checkpointKey = checkpointKey
        self.activation = activation
        self.precision = precision
        self.preprocess = preprocess
    }
}

extension ModelRegistration {
    /// - Parameter imgSides: another input size than the checkpoint's, pixels.
    public init(
        name: String, path: String, arch: String? = nil, numHeads: Int? = nil,
        imgSides: (height: Int, width: Int)?, checkpointKey: String? = nil, activation: String? = nil,
        precision: String? = nil, preprocess: PreprocessOptions? = nil
    ) {
        self.init(
            name: name, path: path, arch: arch, numHeads: numHeads,
            imgSize: imgSides.map { ImageSize(height: $0.height, width: $0.width) }, checkpointKey: checkpointKey,
            activation: activation, precision: precision, preprocess: preprocess)
    }

    /// Everything that is wrong with it before any file is looked at.
    public var faults: [ServiceError.Fault] {
        var faults: [ServiceError.Fault] = []
        func check(_ isRight: Bool, _ pointer: String, _ detail: String) {
            if !isRight { faults.append(.init(pointer: pointer, detail: detail)) }
        }
        check(ResourceName.isValid(name), "/name", ResourceName.rule)
        let isPlain = path.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
        check(
            !path.isEmpty && path.utf8.count <= 1024 && isPlain, "/path",
            "path is the name of a file or folder inside the models directory, or upload:SHA256.")
        check(
            precision == nil || precision == "f32", "/precision",
            "precision “\((precision ?? "").shortened)” is not available; write f32, or leave it out.")
        check(
            numHeads.map { (1...1024).contains($0) } ?? true, "/num_heads",
            "num_heads is a whole number from 1 to 1024.")
        if let imgSize {
            let sides = [imgSize.height, imgSize.width]
            check(
                sides.allSatisfy { (1...16_384).contains($0) }, "/img_size",
                "img_size is a side, or [height, width], from 1 to 16384 pixels.")
        }
        check((arch?.utf8.count ?? 0) <= 128, "/arch", "arch is a timm name such as vit_base_patch16_224.")
        check((checkpointKey?.utf8.count ?? 0) <= 256, "/checkpoint_key", "checkpoint_key has at most 256 characters.")
        check(
            activation.map { ActivationFunction(rawValue: $0) != nil } ?? true, "/activation",
            "activation is \(ActivationFunction.allCases.map(\.rawValue).joined(separator: ", ")), or is left out.")
        if let preprocess { faults += PreprocessChoice.faults(preprocess) }
        return faults
    }

    /// What the loader needs.
    var options: ModelLoader.Options {
        ModelLoader.Options(
            arch: arch, numHeads: numHeads, imgSize: imgSize, checkpointKey: checkpointKey,
            activation: activation.flatMap(ActivationFunction.init), preprocess: preprocess)
    }
}

/// How images are prepared for a model, where that differs from the default; nil leaves a field as it is.
public struct PreprocessOptions: Sendable, Equatable, Codable {
    /// The share of the resized side that the centre crop keeps, in (0, 1].
    public var cropPct: Double?
    /// What becomes of an image's sides: `center`, `squash` or `border`, as timm calls them.
    public var cropMode: String?
    /// One of Pillow's filters, such as `bicubic` or `bilinear`.
    public var interpolation: String?
    /// One number a channel, subtracted from values in 0…1.
    public var mean: [Double]?
    /// One number a channel, divided by afterwards.
    public var std: [Double]?

    public init(
        cropPct: Double? = nil, cropMode: String? = nil, interpolation: String? = nil, mean: [Double]? = nil,
        std: [Double]? = nil
    ) {
        self.cropPct = cropPct
        self.cropMode = cropMode
        self.interpolation = interpolation
        self.mean = mean
        self.std = std
    }
}
