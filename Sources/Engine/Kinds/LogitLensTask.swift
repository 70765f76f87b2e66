import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let logitLens: AnalysisKind = {
        let depths = DeclaredParameter.indices(
            "depths", aliases: ["depth"], default: "all",
            "Which depths: `all`, or indices and ranges; 0 is the embedding, 1 the first block's output, -1 the last.")
        let count = DeclaredParameter.integer(
            "k", in: 1...100, default: 5, "Classes that are named at each depth, the most probable first.")
        let spec = AnalysisSpec(
            "logit-lens", group: .layers, title: "Logit lens",
            summary: "What the model's classifier says of each depth",
            reading:
                "The depth from which on the classifier's decision is the final one, and how sure it is there: low "
                + "agreement until late means that the last blocks decide.",
            parameters: [depths, count])
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            guard config.numClasses > 0 else {
                values.add(
                    "model",
                    "“\(model.name)” has no classifier. Load a fine-tuned checkpoint, or ask for linear-probe, which fits "
                        + "a classifier to each depth.")
                return nil
            }
            let named = min(values[count], config.numClasses)
            values.resolve(count, to: .int(named), canonical: "\(named)")
            return values.indices(values[depths], of: depths, count: config.depth + 1, noun: "depth").map {
                LogitLensTask(model: model, depths: $0, count: named)
            }
        }
    }()
}

/// The classifier's answer to each depth (docs/science.md#logit-lens).
struct LogitLensTask: AnalysisTask {
    let model: NamedModel
    let depths: [Int]
    /// Classes that are named.
    let count: Int

    var models: [NamedModel] { [model] }
    var mapSize: MapSize? { MapSize(maps: 0, numbers: saturatingProduct(depths.count, 2 * count + 3)) }

    /// Of an image: the final class, nil where nothing is decided, and what is said of each depth.
    private struct Reading: Sendable {
        let final: Int?
        let lenses: [LogitLens?]
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config)
        let logits = saturatingProduct(depths.count + 1, config.numClasses, 4 + 16)
        let kept = saturatingProduct(context.images.count, depths.count, 2 * count + 4, 16)
        let bytes = saturatingSum(cost.bytes(images: context.images.count, extraBytesPerImage: logits), kept)
        let readings = try await context.admitted(bytes: bytes, alternative: "Ask for fewer images or depths.") {
            slices in
            try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model,
                batchSize: cost.batchSize(extraBytesPerImage: logits), slices
            ) { batch in
                var request = IntermediatesRequest(), found: [Int: Tensor] = [:]
                request.hiddenStates = Set(depths + [config.depth])
                try batch.forward(request) { intermediate in
                    if case .hiddenState(let depth, let tensor) = intermediate {
                        found[depth] = batch.logits(of: tensor)
                    }
                }
                let last = found[config.depth]?.largestColumns ?? []
                return batch.indices.indices.map { image in
                    Reading(
                        final: last[image],
                        lenses: depths.map { depth in
                            found[depth].flatMap { LogitLens(logits: $0.part(image).array, count: count) }
                        })
                }
            }
        }.flatMap(\.self)
        return answer(readings)
    }

    private func answer(_ readings: [Reading]) -> AnalysisAnswer {
        let images = readings.count
        func each(_ number: (LogitLens, Int) -> Double) -> [[Double]] {
            readings.map { reading in
                reading.lenses.map { lens in
                    guard let lens, let final = reading.final else { return .nan }
                    return number(lens, final)
                }
            }
        }
        func byImage(_ numbers: [[Double]]) -> JSONValue {
            .numbers(numbers.flatMap(\.self), by: ["image", "depth"], shape: [images, depths.count])
        }
        func named(_ numbers: (LogitLens) -> [Double]) -> JSONValue {
            let all = readings.flatMap {
                $0.lenses.flatMap { $0.map(numbers) ?? [Double](repeating: .nan, count: count) }
            }
            return .numbers(all, by: ["image", "depth", "rank"], shape: [images, depths.count, count])
        }
        func overImages(_ numbers: [[Double]]) -> [Statistics] {
            depths.indices.map { place in Statistics(numbers.map { $0[place] }) }
        }
        let probability = each { $0.probability(of: $1) }, rank = each { Double($0.rank(of: $1)) }
        let entropy = readings.map { $0.lenses.map { $0?.entropy ?? .nan } }
        let agreement = overImages(each { $0.classes[0] == $1 ? 1 : 0 })
        func mean(_ statistics: [Statistics]) -> JSONValue { .numbers(statistics.map(\.mean), by: ["depth"]) }
        func error(_ statistics: [Statistics]) -> JSONValue { .numbers(statistics.map(\.standardError), by: ["depth"]) }
        let (probabilities, entropies) = (overImages(probability), overImages(entropy))
        var answer = AnalysisAnswer(
            fields: [
                ("n_classes", .int(model.model.config.numClasses)),
                ("uniform", .double(LogitLens.uniformEntropy(classes: model.model.config.numClasses))),
                ("agreement", mean(agreement)), ("agreement_sem", error(agreement)),
                ("mean_probability", mean(probabilities)), ("mean_probability_sem", error(probabilities)),
                ("mean_rank", mean(overImages(rank))),
                ("mean_entropy", mean(entropies)), ("mean_entropy_sem", error(entropies)),
                ("final_classes", .list(readings.map { .optional($0.final) })),
                ("probability", byImage(probability)), ("rank", byImage(rank)), ("entropy", byImage(entropy)),
                ("top_classes", named { $0.classes.map(Double.init) }), ("top_probabilities", named(\.probabilities)),
            ], mainField: "agreement")
        if readings.contains(where: { $0.final == nil || $0.lenses.contains { $0 == nil } }) {
            answer.reasons += [
                "agreement", "agreement_sem", "mean_probability", "mean_probability_sem", "mean_rank", "mean_entropy",
                "mean_entropy_sem", "final_classes", "probability", "rank", "entropy", "top_classes",
                "top_probabilities",
            ].map {
                Reason(
                    pointer: "/" + $0,
                    reason: "Where there is none, a logit of some image and depth is not finite, so nothing is decided."
                )
            }
        } else if images == 1 {
            answer.reasons += Reason.oneImage(["/agreement_sem", "/mean_probability_sem", "/mean_entropy_sem"])
        }
        answer.figures = [
            ResultFigure(
                .lines, "agreement", title: "agreement with the final class", x: "depths", band: "agreement_sem",
                xLabel: "depth", yLabel: "share of images"),
            ResultFigure(
                .lines, "mean_probability", title: "probability of the final class", x: "depths",
                band: "mean_probability_sem", xLabel: "depth", yLabel: "probability"),
            ResultFigure(
                .lines, "mean_entropy", title: "entropy of the classes", x: "depths", band: "mean_entropy_sem",
                reference: "uniform", xLabel: "depth", yLabel: "nats"),
        ]
        return answer
    }
}
