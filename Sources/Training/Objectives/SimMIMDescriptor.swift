import Images
import JSON
import Models

/// Masked pixels behind a linear decoder (Xie et al. 2022).
struct SimMIMDescriptor: ObjectiveDescriptor {
    let name = "simmim"
    let title = "SimMIM (masking)"
    let summary = "The pixels of masked patches are predicted by a linear decoder."

    let settings: [JobSetting] = [
        .object(
            "simmim",
            [
                .number("mask_ratio", 0.01...0.99, default: 0.6, "Share of the cells that are masked."),
                JobSetting(
                    "mask_patch_size", .int(1...4096),
                    // Cells of 32 pixels on patches of 16.
                    default: .from { .int($0.patchSize == 16 ? 32 : $0.patchSize) },
                    "Side of a masked cell in pixels, a multiple of patch_size."),
            ], "The masked loss, alone and in the hybrid.")
    ]

    let recipes = [Self.recipe(epochs: 800, warmup: 10)]

    static func recipe(epochs: Int, warmup: Double) -> TrainingRecipe {
        TrainingRecipe(
            flavour: .simMIM, baseLearningRate: 1e-4, referenceBatch: 512, weightDecay: 0.05, decayRule: .simMIM,
            epochs: epochs, warmupShare: warmup / Double(epochs), warmupStart: 5e-7, scalesEnds: true,
            schedule: .multistep, lag: 1, clipGradient: 5, dropPath: 0.1)
    }

    func adapt(_ vit: inout ViTRecipe) {
        vit.config.posEmbed = .none
        vit.config.relPos = .shared
        vit.config.layerScale = true
    }

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] { [.simMIM(imgSize: imgSize)] }

    func masking(_ settings: ObjectiveSettings, patchSize: Int) -> ViewPlan.Masking {
        .simMIM(
            patchSize: patchSize, maskPatchSize: settings.simMIM.maskPatchSize, maskRatio: settings.simMIM.maskRatio)
    }

    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) {
        let cell = settings.simMIM.maskPatchSize, side = config.imgSize.height
        if cell % config.patchSize != 0 || side % cell != 0 {
            fault(
                "simmim",
                "mask_patch_size \(cell) must be a multiple of patch_size \(config.patchSize) and divide img_size "
                    + "\(side).")
        }
    }

    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory {
        ObjectiveMemory(weights: sizes.width * sizes.patch)
    }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        SimMIM(vit: vit, config: job.objective.simMIM)
    }
}

extension ObjectiveSettings {
    /// The settings of the masked loss.
    public var simMIM: SimMIMConfig {
        SimMIMConfig(
            maskRatio: number("simmim", "mask_ratio"), maskPatchSize: int("simmim", "mask_patch_size"))
    }
}
