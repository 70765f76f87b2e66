import Images
import Models

/// Classes from random weights.
struct SupervisedDescriptor: ObjectiveDescriptor {
    let name = "supervised"
    let title = "supervised"
    let summary = "The classes of labelled images are learned from random weights."

    /// DeiT's.
    let recipes = [
        TrainingRecipe(
            flavour: .simMIM, baseLearningRate: 5e-4, referenceBatch: 512, weightDecay: 0.05, decayRule: .simMIM,
            epochs: 300, warmupShare: 5.0 / 300, warmupStart: 1e-6, minimum: 1e-5, warmupPrefix: false, lag: 1,
            dropPath: 0.1, smoothing: 0.1, mixup: 0.8, cutmix: 1)
    ]

    let learnsClasses = true
    let mixesLabels = true

    func prepare(_ vit: inout ViTRecipe, classes: Int) {
        vit.config.numClasses = classes
        vit.config.globalPool = vit.config.classToken ? .token : .avg
    }

    func views(_ recipe: TrainingRecipe, imgSize: Int) -> [ViewRecipe] { [.fineTuning(imgSize: imgSize)] }

    func measures(_ settings: ObjectiveSettings, depth: Int) -> [String] { ["accuracy"] }

    func make(_ vit: ViTRecipe, classes: Int, _ job: TrainingConfiguration) -> any Objective {
        Classification(vit: vit, smoothing: job.smoothing, headStd: 0.02)
    }
}
