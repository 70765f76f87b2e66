import JSON
import Models
import Tensors

/// The parts of a run that a configuration describes.
extension TrainingConfiguration {
    /// The encoder as this method trains it.
    ///
    /// - Parameters:
    ///   - vit: as configured, or as found in a checkpoint.
    ///   - classes: of the dataset.
    public func encoder(_ vit: ViTRecipe, classes: Int) -> ViTRecipe {
        var vit = vit
        vit.dropPath = dropPath
        vit.config.numClasses = 0
        method.descriptor.prepare(&vit, classes: classes)
        return vit
    }

    /// What is learned.
    ///
    /// - Parameters:
    ///   - vit: as `encoder(_:classes:)` gives it.
    ///   - classes: of the dataset, for methods that learn them.
    /// - Throws: `TrainingError.configuration` where there are no classes to learn.
    public func makeObjective(_ vit: ViTRecipe, classes: Int = 0) throws(TrainingError) -> any Objective {
        guard !method.isSupervised || classes > 0 else {
            throw .configuration([
                Fault(
                    pointer: "/dataset", detail: "The method \(method.rawValue) learns classes, and there are none.")
            ])
        }
        return method.descriptor.make(vit, classes: classes, self)
    }

    /// How it is learned.
    public func makeOptimizer(for objective: any Objective, stepsPerEpoch: Int) -> Optimizer {
        let decay = optimization.layerDecay
        let groups = ParameterGroup.groups(
            of: objective.layout, frozen: objective.frozen, weightDecay: optimization.weightDecay,
            rule: optimization.decayRule,
            layerDecay: decay < 1 ? LayerDecay(rate: decay, depth: objective.encoder.config.depth) : nil,
            scalesWholeCurve: optimization.recipe.scalesWholeCurve)
        return Optimizer(
            optimization.rule, layout: objective.layout, groups: groups,
            schedule: optimization.learningRateSchedule(stepsPerEpoch: stepsPerEpoch, epochs: epochs),
            clipGradient: optimization.clipGradient)
    }

    /// How long, and when it saves itself.
    ///
    /// - Parameter stepsPerEpoch: what a data set gives; incomplete steps are left out.
    public func makePlan(stepsPerEpoch: Int, identity: RunIdentity, vit: ViTRecipe) -> Trainer.Plan {
        var plan = Trainer.Plan(
            epochs: epochs, stepsPerEpoch: stepsPerEpoch, imagesPerStep: batchSize * accumulationSteps)
        plan.accumulationSteps = accumulationSteps
        plan.seed = seed
        plan.logEverySteps = logEverySteps
        plan.checkpointEveryEpochs = checkpoints.everyEpochs
        plan.checkpointEverySteps = checkpoints.everySteps
        plan.keepLast = checkpoints.keepLast
        plan.snapshotEveryEpochs = analysis?.everyEpochs
        plan.stopRules = stopRules
        let config = vit.config
        plan.metadata = [
            "num_heads": "\(config.numHeads)", "eps": "\(config.eps)",
            "img_size": "\(config.imgSize.height),\(config.imgSize.width)",
            "activation": config.mlp.activation.rawValue, "method": method.rawValue,
            "config_sha256": digest, "dataset_sha256": identity.datasetDigest, "threads": "\(identity.threads)",
            "code_version": identity.codeVersion,
        ].merging(method.descriptor.remarks(objective)) { $1 }
        return plan
    }

    /// How many parameters there are, those that train, and the memory of a run in bytes.
    public func cost(of objective: any Objective) -> TrainingCost {
        TrainingCost(objective: objective, optimizer: optimization.rule, batchSize: batchSize, ranks: ranks)
    }
}
