import Images
import JSON
import Models

/// Masked pixels behind a transformer decoder (He et al. 2022).
struct MAEDescriptor: ObjectiveDescriptor {
    let name = "mae"
    let title = "MAE (masking)"
    let summary = "The encoder sees a quarter of the patches, and a small decoder predicts the others."

    let settings: [JobSetting] = [
        JobSetting(
            "mae",
            .object([
                .int("decoder_dim", 4...16_384, default: 512, "Width of the decoder, a multiple of 4."),
                JobSetting(
                    "decoder_heads", .int(1...1024),
                    default: .from { context in
                        let dim = context.values["decoder_dim"]?.int ?? 512
                        return .int(dim % 32 == 0 ? dim / 32 : 1)
                    }, "Attention heads of the decoder; in silence one for 32 numbers of its width."),
                .number("mask_ratio", 0.01...0.99, default: 0.75, "Share of the patches that the encoder never sees."),
                .int("decoder_depth", 1...64, default: 8, "Blocks of the decoder."),
                .bool("norm_pix_loss", default: true, "Whether pixels are normalized patch by patch before the loss."),
            ]), "Masking, and the decoder."
        ) { values, fault in
            let dim = values["decoder_dim"]?.int ?? 4, heads = values["decoder_heads"]?.int ?? 1
            if dim % heads != 0 || dim % 4 != 0 {
                fault("decoder_dim", "decoder_dim \(dim) must be a multiple of 4 and of decoder_heads \(heads).")
            }
        }
    ]

    let recipes = [
        TrainingRecipe(
            flavour: .mae, baseLearningRate: 1.5e-4, referenceBatch: 256, beta2: 0.95, weightDecay: 0.05,
            decayRule: .oneDimensional, epochs: 800, warmupShare: 40.0 / 800)
    ]

    let initialization = ViTRecipe.Initialization.mae
    let sinCosTable = SinCosTable.mae

    func adapt(_ vit: inout ViTRecipe) { vit.positions = .sinCos(.mae) }

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] { [.mae(imgSize: imgSize)] }

    func masking(_ settings: ObjectiveSettings, patchSize: Int) -> ViewPlan.Masking {
        .mae(patchSize: patchSize)
    }

    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) {
        requireClassToken(config, fault)
        if config.relPos != .none {
            fault("arch", "MAE drops patches, which relative positions do not allow; take rel_pos none.")
        }
        if config.classToken, config.numPrefixTokens != 1 {
            fault(
                "arch",
                "MAE has the class token and nothing else before the patches; this encoder has "
                    + "\(config.numPrefixTokens) such tokens.")
        }
    }

    func remarks(_ settings: ObjectiveSettings) -> [String: String] {
        ["decoder_heads": "\(settings.mae.decoderHeads)", "norm_pix_loss": "\(settings.mae.normPixLoss)"]
    }

    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory {
        let width = Double(settings.mae.decoderDim), depth = Double(settings.mae.decoderDepth)
        return ObjectiveMemory(
            weights: width * (sizes.width + sizes.patch + sizes.tokens) + depth * EncoderSizes.block(width, 4 * width),
            visible: 1 + sizes.patches * (1 - settings.mae.maskRatio),
            activations: depth
                * EncoderSizes.activations(1 + sizes.patches, width, 4 * width, Double(settings.mae.decoderHeads)))
    }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        MAE(vit: vit, config: job.objective.mae)
    }
}

extension ObjectiveSettings {
    /// The settings of the masked autoencoder.
    public var mae: MAEConfig {
        MAEConfig(
            maskRatio: number("mae", "mask_ratio"), decoderDepth: int("mae", "decoder_depth"),
            decoderDim: int("mae", "decoder_dim"), decoderHeads: int("mae", "decoder_heads"),
            normPixLoss: bool("mae", "norm_pix_loss"))
    }
}
