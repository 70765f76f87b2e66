import Images
import Models

/// Both losses at once (Park et al. 2023, Section 4).
struct HybridDescriptor: ObjectiveDescriptor {
    let name = "hybrid"
    let title = "hybrid (contrast + masking)"
    let summary = "MoCo v3's and SimMIM's losses over one encoder, weighted by λ and 1 − λ."

    let settings: [JobSetting] = [
        .object(
            "hybrid",
            [
                .number(
                    "lambda", 0...1, default: 0.2, "The weight λ of the contrastive loss; the masked one has 1 − λ.")
            ], "How both losses are weighted.")
    ]

    // The paper's Table A.1, pre-training.
    let recipes = [SimMIMDescriptor.recipe(epochs: 100, warmup: 10)]
    let hasMaskedView = true

    func adapt(_ vit: inout ViTRecipe) { SimMIMDescriptor().adapt(&vit) }

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] {
        MoCoV3Descriptor().views(recipe, imgSize: imgSize) + SimMIMDescriptor().views(recipe, imgSize: imgSize)
    }

    func masking(_ settings: ObjectiveSettings, patchSize: Int) -> ViewPlan.Masking {
        SimMIMDescriptor().masking(settings, patchSize: patchSize)
    }

    func check(
        _ config: VisionTransformerConfig, _ settings: ObjectiveSettings,
        _ fault: (_ key: String, _ detail: String) -> Void
    ) {
        requireClassToken(config, fault)
        SimMIMDescriptor().check(config, settings, fault)
    }

    func check(
        _ course: ObjectiveCourse, _ fault: (_ setting: JobSetting, _ detail: String) -> Void
    ) { MoCoV3Descriptor().check(course, fault) }

    func losses(_ settings: ObjectiveSettings) -> [String] {
        switch settings.lambda {
        case 1: ["loss_moco"]
        case 0: ["loss_simmim"]
        default: ["loss_simmim", "loss_moco", "gradient_cosine"]
        }
    }

    func memory(_ sizes: EncoderSizes, _ settings: ObjectiveSettings) -> ObjectiveMemory {
        var memory = MoCoV3Descriptor().memory(sizes, settings)
        memory.weights += SimMIMDescriptor().memory(sizes, settings).weights
        // The gradients of each loss are kept apart beside their sum.
        if settings.lambda > 0, settings.lambda < 1 { memory.gradients = 3 }
        return memory
    }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        Hybrid(vit: vit, moco: job.objective.moco, simMIM: job.objective.simMIM, lambda: job.objective.lambda)
    }
}

extension ObjectiveSettings {
    /// The hybrid's weight of the contrastive loss, 0 to 1.
    public var lambda: Double { number("hybrid", "lambda") }
}
