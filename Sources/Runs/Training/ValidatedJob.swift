package import Training

/// A job that can be run, as far as that can be told beforehand.
public struct ValidatedJob: Sendable {
    package let configuration: TrainingConfiguration
    /// Where the checkpoint lies that `init_from` names.
    public let initFromPath: String?
    /// Images to learn from, and their classes.
    public let images: Int
    public let classes: Int

    public var name: String? { configuration.name }
    /// JSON's word.
    public var method: String { configuration.method.rawValue }
    public var labels: [String: String] { configuration.labels }
    var analysis: AnalysisSettings? { configuration.analysis }
    var stopRules: [StopRule] { configuration.stopRules }
    /// Threads of each rank: those that the job says, or its share of `all`.
    public func threads(of all: Int) -> Int { configuration.threads ?? max(1, all / configuration.ranks) }

    public var stepsPerEpoch: Int { images / configuration.batchSize / configuration.accumulationSteps }
    /// The steps of the whole run.
    public var steps: Int { configuration.epochs * stepsPerEpoch }
}

extension TrainingConfiguration {
    /// Refuses images that a run cannot learn from.
    ///
    /// - Throws: `TrainingFailure`.
    func checkImages(count: Int, classes: Int) throws(TrainingFailure) {
        if method.isSupervised, classes < 2 {
            throw TrainingFailure.setting(
                "/dataset",
                "The method \(method.rawValue) learns classes: the dataset needs a folder for each of two or more.")
        }
        guard count >= batchSize else {
            throw TrainingFailure.setting(
                "/batch_size", "A batch of \(batchSize) needs more than the \(count) images of the dataset.")
        }
        guard count / batchSize >= accumulationSteps else {
            throw TrainingFailure.setting(
                "/accumulation_steps",
                "A step of \(accumulationSteps) batches of \(batchSize) needs more than the \(count) images of the "
                    + "dataset.")
        }
    }
}
