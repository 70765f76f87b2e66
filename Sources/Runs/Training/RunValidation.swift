import Images
import Platform
import Synchronization
import Tensors
import Training

/// Measures a classifier on images that it does not learn from.
struct RunValidation: Sendable {
    let dataset: TrainingDataset
    let objective: any Objective
    let imgSize: Int
    let batchSize: Int
    let pool: ThreadPool
    let rule: UnreadableRule
    /// Called once for each image that cannot be read.
    let warn: @Sendable (String) -> Void
    private let unreadable = UnreadableImages()

    init(
        dataset: TrainingDataset, objective: any Objective, imgSize: Int, batchSize: Int, pool: ThreadPool,
        rule: UnreadableRule, warn: @escaping @Sendable (String) -> Void
    ) {
        self.dataset = dataset
        self.objective = objective
        self.imgSize = imgSize
        self.batchSize = batchSize
        self.pool = pool
        self.rule = rule
        self.warn = warn
    }

    /// `val_accuracy`, or that of each probed layer, of the images that can be read. NaN, with a warning, where a
    /// classifier's scores are not finite.
    ///
    /// - Throws: `DataError.unreadable` where none can; `.refused` where all have to be and one cannot.
    func measure(_ model: NetworkState) throws -> [Metric] {
        let recipe = ViewRecipe.evaluation(imgSize: imgSize)
        var hits: [Int?] = [], count = 0
        for start in stride(from: 0, to: dataset.count, by: batchSize) {
            let indices = start..<min(start + batchSize, dataset.count)
            var batch = Batch(views: []), views: [Tensor] = []
            for index in indices {
                guard let image = try image(at: index), let label = dataset.label(at: index) else {
                    continue
                }
                views.append(recipe.tensor(of: image, random: RandomStream(seed: 0, index: 0)))
                batch.labels.append(label)
                batch.indices.append(index)
            }
            guard !views.isEmpty else { continue }
            batch.views = [.stacking(views)]
            count += views.count
            let found = answers(batch, model)
            if hits.isEmpty { hits = found.map { _ in 0 } }
            for (place, right) in found.enumerated() {
                hits[place] = right.contains(nil) ? nil : hits[place].map { $0 + right.count { $0 == true } }
            }
        }
        guard count > 0 else {
            throw DataError.unreadable(
                count: dataset.count, of: dataset.count, examples: unreadable.reasons.sorted().prefix(3).map { $0 })
        }
        let names = (objective as? LinearProbe).map { $0.layers.map { "val_accuracy.\($0)" } } ?? ["val_accuracy"]
        for (name, right) in zip(names, hits) where right == nil {
            warn("\(name) is null: the classifier's scores of some images are not finite")
        }
        return zip(names, hits).map { name, right in Metric(name, right.map { Double($0) / Double(count) } ?? .nan) }
    }

    private func image(at index: Int) throws(DataError) -> Image? {
        do { return try dataset.image(at: index) } catch {
            let reason = "\(dataset.name(at: index)): \(error)"
            if rule == .refuse { throw .refused(count: 1, of: dataset.count, examples: [reason]) }
            if unreadable.add(reason) { warn("\(reason); validation goes on without it") }
            return nil
        }
    }

    /// For each classifier whether each image is right; nil where its scores are not finite.
    private func answers(_ batch: Batch, _ model: NetworkState) -> [[Bool?]] {
        if let probe = objective as? LinearProbe {
            return probe.decisions(batch.views[0], state: model, pool: pool).map { decisions in
                zip(decisions, batch.labels).map { decision, label in decision.map { $0 == label } }
            }
        }
        guard let classifier = objective as? Classification else { return [] }
        let logits = classifier.logits(batch.views[0], weights: model.weights, context: StepContext(pool: pool))
        return [zip(logits.largestColumns, batch.labels).map { decision, label in decision.map { $0 == label } }]
    }
}

/// The images that could not be read, so that each is said once. A class because every epoch adds to it.
private final class UnreadableImages: Sendable {
    private let found = Mutex<Set<String>>([])

    var reasons: Set<String> { found.withLock { $0 } }

    /// Whether `reason` is new.
    func add(_ reason: String) -> Bool { found.withLock { $0.insert(reason).inserted } }
}
