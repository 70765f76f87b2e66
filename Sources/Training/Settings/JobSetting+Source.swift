import Images
import JSON
import Models

/// What is learned, from what, and on which images.
extension JobSetting {
    static let name = text("name", longest: 200, "What the run is called.")
    static let method = choice("method", TrainingMethod.self, isRequired: true, "What the model learns by.")
    static let recipe = choice(
        "recipe", TrainingRecipe.Flavour.self,
        "Whose code the defaults follow, where a method has several: fine-tuning simmim or mae, probing moco_v3 or mae."
    )
    static let arch = JobSetting(
        "arch", .arch(Arch.all),
        "The encoder: a timm name such as vit_tiny_patch16_224, or an object of timm's fields; the checkpoint's own where "
            + "init_from names one.")
    static let imgSize = int("img_size", 1...4096, "Pixels a side that the encoder sees.")
    static let initialization = choice(
        "initialization", ViTRecipe.Initialization.self, "How weights are drawn that no checkpoint brings.")
    static let initFrom = text(
        "init_from", "A checkpoint whose encoder the run starts from: a name, upload:SHA256, or job:ID@latest.")
    static let dataset = text(
        "dataset", isRequired: true,
        "The images to learn from: the built-in shapes-textures, a folder, or the name of one that the server has.")
    static let validationDataset = text(
        "validation_dataset", "Images to measure accuracy on, for methods that learn classes.")
    static let datasetOptions = object(
        "dataset_options", DatasetOption.all, "The built-in images, where they are taken.")
    static let onError = JobSetting(
        "on_error", .choice(UnreadableRule.allCases.map(\.rawValue)),
        default: .value(.string(UnreadableRule.skip.rawValue)),
        "What becomes of images that cannot be read: refuse decodes every file before the first step and names those; "
            + "skip goes on with the next ones in their places, while they are fewer than ten or one in a hundred."
    )
    static let epochs = int("epochs", 1...1_000_000, "How often every image is seen.")
    static let batchSize = int("batch_size", 1...65_536, default: 64, "Images of one forward and backward pass.")
    static let accumulationSteps = int(
        "accumulation_steps", 1...65_536, default: 1, "Passes whose gradients make one step.")
    static let seed = int(
        "seed", 0...Int.max, default: 0, "Where everything random begins; the same seed, the same bits.")

    static let source: [JobSetting] = [
        name, method, recipe, arch, imgSize, initialization, initFrom, dataset, validationDataset, datasetOptions,
        onError, epochs, batchSize, accumulationSteps, seed,
    ]

    /// Fields of an `arch` object, in timm's words.
    enum Arch {
        static let patchSize = int("patch_size", 1...256, default: 16, "Pixels a side of a patch.")
        static let imgSize = int("img_size", 1...4096, "Pixels a side of the image.")
        static let embedDim = int("embed_dim", 1...16_384, default: 192, "Width of the tokens.")
        static let depth = int("depth", 1...200, default: 12, "Blocks.")
        static let numHeads = int(
            "num_heads", 1...1024, default: 3, "Attention heads of a block; they divide embed_dim.")
        static let mlpRatio = number(
            "mlp_ratio", 0.01...64, default: 4, "Hidden width of the MLP over the width of the tokens.")
        static let classToken = bool("class_token", default: true, "Whether a class token comes first.")
        static let regTokens = int("reg_tokens", 0...64, default: 0, "Register tokens after the class token.")
        static let qkvBias = bool("qkv_bias", default: true, "Whether the fused projection has a bias.")
        static let posEmbed = choice("pos_embed", PositionName.self, "Absolute positions.")
        static let relPos = choice(
            "rel_pos", RelPosName.self, "Relative positions: one table for all blocks, or one a block.")
        static let initValues = number("init_values", 0...10, "timm's word for layer_scale.")
        static let layerScale = number("layer_scale", 0...10, "Where layer scale begins; 0 for none.")

        static let all: [JobSetting] = [
            patchSize, imgSize, embedDim, depth, numHeads, mlpRatio, classToken, regTokens, qkvBias, posEmbed, relPos,
            initValues, layerScale,
        ]
    }

    /// Fields of `dataset_options`.
    enum DatasetOption {
        static let numImages = int("n_images", 1...10_000_000, "How many images.")
        static let imgSize = int("img_size", 16...1024, "Pixels a side.")
        static let seed = int("seed", 0...Int.max, "Which images are drawn.")
        static let cue = choice("cue", DatasetSettings.Cue.self, "How shape and texture go together.")

        static let all: [JobSetting] = [numImages, imgSize, seed, cue]
    }
}
