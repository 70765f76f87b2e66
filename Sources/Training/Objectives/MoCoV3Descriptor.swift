import Images
import JSON
import Models

/// Contrast of two views (Chen, Xie and He 2021).
struct MoCoV3Descriptor: ObjectiveDescriptor {
    let name = "moco_v3"
    let title = "MoCo v3 (contrast)"
    let summary = "Two views of an image should have the same class token, other images another one."

    let settings: [JobSetting] = [
        .object(
            "moco",
            [
                .int("dim", 1...65_536, default: 256, "Width of the compared vectors."),
                .int("mlp_dim", 1...65_536, default: 4096, "Hidden width of projector and predictor."),
                .number(
                    "m", 0...1, default: 0.99, "How far the momentum encoder stays where it is, at the beginning."),
                .bool("m_cos", default: true, "Whether the momentum rises to 1 along a half cosine."),
                .number("t", 0.001...100, default: 0.2, "The temperature of the softmax."),
                JobSetting(
                    "stop_grad_conv1", .bool,
                    // The paper freezes the patch projection for the contrastive loss; a masked loss learns through it.
                    default: .from { .bool($0.method.rawValue != HybridDescriptor().name) },
                    "Whether the patch projection stays as it was drawn; the hybrid lets it learn."),
            ], "The contrastive loss, alone and in the hybrid.")
    ]

    let recipes = [
        TrainingRecipe(
            flavour: .mocoV3, baseLearningRate: 1.5e-4, referenceBatch: 256, weightDecay: 0.1, decayRule: .all,
            epochs: 300, warmupShare: 40.0 / 300)
    ]

    let initialization = ViTRecipe.Initialization.mocoV3

    func adapt(_ vit: inout ViTRecipe) { vit.positions = .sinCos(.mocoV3) }

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] {
        [.mocoV3(view: 1, imgSize: imgSize), .mocoV3(view: 2, imgSize: imgSize)]
    }

    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) { requireClassToken(config, fault) }

    func check(
        _ course: ObjectiveCourse, _ fault: (_ setting: JobSetting, _ detail: String) -> Void
    ) {
        if course.batchSize < 2 {
            fault(.batchSize, "A contrastive loss needs other images beside each, so batch_size is 2 or more.")
        }
    }

    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory {
        let hidden = Double(settings.moco.mlpDim), dim = Double(settings.moco.dim)
        let projector = hidden * (sizes.width + hidden + dim)
        // Both queries are kept until the way back.
        return ObjectiveMemory(
            weights: projector + 2 * hidden * dim, momentum: sizes.weights + projector, passes: 2)
    }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        MoCoV3(vit: vit, config: job.objective.moco)
    }
}

extension ObjectiveSettings {
    /// The settings of the contrastive loss.
    public var moco: MoCoV3Config {
        MoCoV3Config(
            dim: int("moco", "dim"), mlpDim: int("moco", "mlp_dim"), momentum: number("moco", "m"),
            momentumSchedule: bool("moco", "m_cos"), temperature: number("moco", "t"),
            stopGradConv1: bool("moco", "stop_grad_conv1"))
    }
}
