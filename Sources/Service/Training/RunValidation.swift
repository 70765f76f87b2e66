import Images
import Platform
import Tensors
import Training

/// Measures a classifier on images that it does not learn from.
struct RunValidation: Sendable {
    let dataset: TrainingDataset
    let objective: any Objective
    let imgSize: Int
    let batchSize: Int
    let pool: ThreadPool

    /// `val_accuracy`, or that of each probed layer.
    func measure(_ model: Training.ModelState) throws -> [Metric] {
        let recipe = ViewRecipe.evaluation(imgSize: imgSize)
        var hits: [Int] = []
        for start in stride(from: 0, to: dataset.count, by: batchSize) {
            let indices = start..<min(start + batchSize, dataset.count)
            let views = try indices.map { index in
                recipe.tensor(of: try dataset.image(at: index), random: RandomStream(seed: 0, index: 0))
            }
            let batch = Batch(
                views: [.stacking(views)], labels: indices.map { dataset.label(at: $0) ?? 0 }, indices: Array(indices))
            let found = answers(batch, model)
            if hits.isEmpty { hits = found.map { _ in 0 } }
            for (place, right) in found.enumerated() { hits[place] += right.count { $0 } }
        }
        let names = (objective as? LinearProbe).map { $0.layers.map { "val_accuracy.\($0)" } } ?? ["val_accuracy"]
        return zip(names, hits).map { Metric($0, Double($1) / Double(dataset.count)) }
    }

    /// For each classifier whether each image is right.
    private func answers(_ batch: Batch, _ model: Training.ModelState) -> [[Bool]] {
        if let probe = objective as? LinearProbe {
            return probe.decisions(batch.views[0], state: model, pool: pool).map { decisions in
                zip(decisions, batch.labels).map { $0 == $1 }
            }
        }
        guard let classifier = objective as? Classification else { return [] }
        let logits = classifier.logits(batch.views[0], weights: model.weights, context: StepContext(pool: pool))
        let classes = logits.shape[1], numbers = logits.array
        return [
            batch.labels.enumerated().map { image, label in
                let row = numbers[image * classes..<(image + 1) * classes]
                return row.indices.max { row[$0] < row[$1] } == image * classes + label
            }
        ]
    }
}
