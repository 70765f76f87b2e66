import Images
import Models

/// Classes from pre-trained weights.
struct FineTuningDescriptor: ObjectiveDescriptor {
    let name = "finetune"
    let title = "fine-tuning"
    let summary = "The classes of labelled images are learned from the weights of a checkpoint."

    let recipes = [
        // SimMIM's, then MAE's.
        TrainingRecipe(
            flavour: .simMIM, baseLearningRate: 1.25e-3, referenceBatch: 512, weightDecay: 0.05, decayRule: .simMIM,
            epochs: 100, warmupShare: 0.2, warmupStart: 2.5e-7, minimum: 2.5e-7, scalesEnds: true, warmupPrefix: false,
            lag: 1, clipGradient: 5, dropPath: 0.1, layerDecay: 0.65, smoothing: 0.1, mixup: 0.8, cutmix: 1),
        TrainingRecipe(
            flavour: .mae, baseLearningRate: 5e-4, referenceBatch: 256, weightDecay: 0.05, decayRule: .simMIM,
            epochs: 100, warmupShare: 0.05, minimum: 1e-6, dropPath: 0.1, layerDecay: 0.65, scalesWholeCurve: true,
            smoothing: 0.1, mixup: 0.8, cutmix: 1),
    ]

    let learnsClasses = true
    let mixesLabels = true
    let needsCheckpoint = true

    func prepare(_ vit: inout ViTRecipe, classes: Int) {
        vit.config.numClasses = classes
        // SimMIM's and MAE's fine-tuning: the mean patch behind a norm of its own, a table a block.
        vit.config.globalPool = .avg
        vit.config.fcNorm = true
        vit.config.finalNorm = false
        if vit.config.relPos == .shared { vit.config.relPos = .perBlock }
        // Positions train from here on.
        if vit.config.posEmbed != .none { vit.positions = .learned }
    }

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] { [.fineTuning(imgSize: imgSize)] }

    func measures(_ settings: ObjectiveSettings, depth: Int) -> [String] { ["accuracy"] }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        let std = job.optimization.recipe.flavour == .mae ? 2e-5 : 0.02 * 0.001
        return Classification(vit: vit, smoothing: job.smoothing, headStd: std)
    }
}
