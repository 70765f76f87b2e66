import Analysis
import Catalogue
import JSON
import Platform
import Tensors

extension AnalysisKind {
    public static let knn: AnalysisKind = {
        let neighbours = DeclaredParameter.integers(
            "k", in: 1...1_000_000, upTo: 16, default: [10, 20], echo: "ks",
            "Neighbours that vote: a number, or several with commas between.")
        let temperature = DeclaredParameter.number(
            "temperature", in: 0.001...1000, default: 0.07, "Of the votes: smaller = nearer neighbours weigh more.")
        let fraction = DeclaredParameter.trainFraction, seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "knn", group: .layers, title: "k-NN by depth", summary: "Accuracy of nearest neighbours by depth",
            reading: "What the nearest images of the other half say of an image's class, after each block.",
            parameters: [
                DeclaredParameter.layers, DepthFeatures.poolParameter, neighbours, temperature, fraction, seed,
                DeclaredParameter.convention,
            ], images: .labelled)
        return AnalysisKind(spec) { values, subjects in
            DepthFeatures(&values, subjects.model).map {
                KNNTask(
                    model: subjects.model, features: $0, neighbours: values[neighbours],
                    temperature: values[temperature], trainFraction: values[fraction], seed: values.seed)
            }
        }
    }()
}

/// Accuracy of nearest neighbours by depth (docs/science.md#knn).
struct KNNTask: AnalysisTask {
    let model: NamedModel
    let features: DepthFeatures
    let neighbours: [Int]
    let temperature: Double
    let trainFraction: Double
    let seed: UInt64

    var models: [NamedModel] { [model] }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let images = try LabelledImages(context.images, trainFraction: trainFraction, seed: seed)
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
                ("depths", .ints(features.depths)), ("classes", .strings(images.classes)),
                ("n_train", .int(images.train.count)), ("n_test", .int(images.test.count)),
                ("chance", .double(1 / Double(images.classes.count))),
            ], mainField: "top1")
        let best = right.map { $0.map { Statistics($0) } }
        answer.fields += [
            ("top1", .numbers(best[0].map(\.mean), by: ["depth"])),
            ("top1_sem", .numbers(best[0].map(\.standardError), by: ["depth"])),
            (
                "top1_by_k",
                .numbers(
                    best.flatMap { $0.map(\.mean) }, by: ["k", "depth"],
                    shape: [neighbours.count, features.depths.count])
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
}
