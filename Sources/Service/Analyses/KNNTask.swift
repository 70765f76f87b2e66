import Analysis
import JSON
import Platform
import Tensors

/// Accuracy of nearest neighbours by depth (science: B.11).
struct KNNTask: AnalysisTask {
    private let model: NamedModel
    private let features: DepthFeatures
    private let neighbours: [Int]
    private let temperature: Double
    private let trainFraction: Double
    private let seed: Int
    private let convention: Convention

    var models: [NamedModel] { [model] }
    var turnKey: String? { nil }
    var canonical: [String] {
        [
            "depths \(features.depths)", "pool \(features.pool.rawValue)", "k \(neighbours)",
            "temperature \(temperature)", "train_fraction \(trainFraction)", "seed \(seed)",
            "convention \(convention.rawValue)",
        ]
    }

    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> KNNTask? {
        let convention = parameters.choice("convention", default: Convention.corrected)
        let features = DepthFeatures.read(&parameters, model)
        var neighbours = [10, 20]
        if let text = parameters.text("k") {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
            if numbers.count <= 16, numbers.allSatisfy({ $0.map { (1...1_000_000).contains($0) } ?? false }) {
                neighbours = numbers.compactMap(\.self)
            } else {
                parameters.add("k", "“\(text.shortened)” is not possible for k: write 10, or a list such as 10,20,100.")
            }
        }
        let temperature = parameters.number("temperature", in: 0.001...1000) ?? 0.07
        let fraction = parameters.number("train_fraction", in: 0.01...0.99) ?? 0.5
        let seed = parameters.integer("seed", in: 0...1_000_000_000) ?? 0
        return features.map {
            KNNTask(
                model: model, features: $0, neighbours: neighbours, temperature: temperature, trainFraction: fraction,
                seed: seed, convention: convention)
        }
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let images = try LabelledImages(context.images, trainFraction: trainFraction, seed: UInt64(seed))
        let bytes = saturatingSum(
            ForwardCost(model.model.config).bytes(images: context.images.count),
            saturatingProduct(features.bytes(images: context.images.count), 2),
            saturatingProduct(256, images.train.count, 8))
        // [k][depth][image]: 1 where it is right, NaN where nothing is nearest.
        let right = try await context.admitted(bytes: bytes, alternative: "Ask for fewer images or layers.") { slices in
            let gathered = try await features.gather(context, model.model, slices)
            var right = neighbours.map { _ in [[Double]]() }
            for depth in gathered {
                let found = try await slices.run { slice in
                    try slice.checkCancellation()
                    return decisions(depth, images, slice.pool)
                }
                for (place, row) in found.enumerated() { right[place].append(row) }
            }
            return right
        }
        var answer = AnalysisAnswer(
            fields: [
                ("depths", .ints(features.depths)), ("pool", .string(features.pool.rawValue)),
                ("ks", .ints(neighbours)),
                ("temperature", .double(temperature)), ("train_fraction", .double(trainFraction)), ("seed", .int(seed)),
                ("convention", .string(convention.rawValue)), ("classes", .strings(images.classes)),
                ("n_train", .int(images.train.count)), ("n_test", .int(images.test.count)),
                ("chance", .double(1 / Double(images.classes.count))),
            ], mainField: "top1")
        let best = right.map { $0.map { Statistics($0) } }
        answer.fields += [
            ("top1", byDepth(best[0].map { $0.mean ?? .nan })),
            ("top1_sem", byDepth(best[0].map { $0.standardError ?? .nan })),
            (
                "top1_by_k",
                .array(
                    NamedArray(
                        shape: [neighbours.count, features.depths.count], axes: ["k", "depth"],
                        numbers: .float64(best.flatMap { $0.map { $0.mean ?? .nan } })))
            ),
        ]
        if best.contains(where: { $0.contains { $0.mean == nil } }) {
            answer.reasons += Reason.undecided(["/top1", "/top1_sem", "/top1_by_k"], of: "depths")
        }
        if images.test.count == 1 { answer.reasons += Reason.oneImage(["/top1_sem"]) }
        answer.figures = [
            ResultFigure(
                .lines, "top1", title: "k-NN accuracy (k = \(neighbours[0]))", x: "depths", band: "top1_sem",
                xLabel: "depth", yLabel: "top-1"),
            ResultFigure(
                .lines, "top1_by_k", title: "k-NN accuracy", x: "depths", series: "ks", xLabel: "depth",
                yLabel: "top-1"),
        ]
        return answer
    }

    private func decisions(_ features: Tensor, _ images: LabelledImages, _ pool: ThreadPool) -> [[Double]] {
        let neighboursOfAll = NearestNeighbours(
            train: DoubleMatrix(features.gatheringRows(images.train)), labels: images.train.map { images.labels[$0] },
            classes: images.classes.count)
        let asked = DoubleMatrix(features.gatheringRows(images.test))
        return neighbours.map { k in
            let ranking = neighboursOfAll.ranking(of: asked, k: k, temperature: temperature, pool: pool)
            return zip(ranking, images.test).map { ranking, image in
                ranking.map { $0[0] == images.labels[image] ? 1 : 0 } ?? .nan
            }
        }
    }

    private func byDepth(_ values: [Double]) -> JSONValue {
        .array(NamedArray(shape: [values.count], axes: ["depth"], numbers: .float64(values)))
    }
}
