import Images
import Models
import Tensors

extension LoadOption {
    /// Every option, in the order in which it is shown.
    public static let all: [LoadOption] = [
        .arch, .numHeads, .imgSize, .checkpointKey, .activation, .rope, .precision, .cropMode, .cropPct, .interpolation,
        .mean, .std,
    ]

    public static let arch = LoadOption(
        "arch", .text(atMost: 128), title: "Architecture",
        "A timm name that says what the names of the tensors leave open.", example: "vit_base_patch16_224")

    public static let numHeads = LoadOption(
        "num_heads", .integer(1...1024), title: "Heads", "Attention heads, where the file does not tell them.")

    public static let imgSize = LoadOption(
        "img_size", .size(1...16_384), title: "Image size",
        "Another input size than the checkpoint's, pixels; position tables are resampled.", example: "224")

    public static let checkpointKey = LoadOption(
        "checkpoint_key", .text(atMost: 256), title: "Checkpoint key", "Which of several networks in the file.",
        example: "teacher")

    public static let activation = LoadOption(
        "activation", .choice(ActivationFunction.allCases.map(\.rawValue)), title: "Activation",
        "What stands between the layers of an MLP, where the file does not tell it.")

    public static let rope = LoadOption(
        "rope", .choice(RotaryKind.allCases.map(\.rawValue)), title: "Rotary positions",
        "How queries and keys are turned by the places of their patches, where the file does not tell it.")

    public static let precision = LoadOption(
        "precision", in: .computing, .choice(PrecisionChoice.allCases.map(\.rawValue)), title: "Precision",
        "What products are made of: f32, bf16 where the processor multiplies it, or auto for the quickest that it has.")

    public static let cropMode = LoadOption(
        "crop_mode", in: .preprocess, .choice(Preprocess.CropMode.allCases.map(\.rawValue)), title: "Crop mode",
        "What becomes of the sides of an image that is not the model's shape, in timm's words.")

    public static let cropPct = LoadOption(
        "crop_pct", in: .preprocess, .number(0.05...2), title: "Crop share",
        "The side of the crop as a share of the side before it.", example: "0.9")

    public static let interpolation = LoadOption(
        "interpolation", in: .preprocess, .choice(Interpolation.allCases.map(\.rawValue)), title: "Interpolation",
        "The filter that resizes images, as Pillow calls it.")

    public static let mean = LoadOption(
        "mean", in: .preprocess, .channels(-1000...1000), title: "Mean",
        "Subtracted from red, green and blue in 0…1.", example: "0.485,0.456,0.406")

    public static let std = LoadOption(
        "std", in: .preprocess, .channels(1e-6...1000), title: "Standard deviation",
        "What the differences from the mean are divided by.", example: "0.229,0.224,0.225")
}
