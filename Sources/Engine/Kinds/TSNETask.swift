import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let tsne: AnalysisKind = {
        let usual = TSNE()
        let perplexity = DeclaredParameter<Double?>.number(
            "perplexity", in: 1...1000,
            "Neighbours that count; without it \(usual.perplexity), or a third of the points where they are few.")
        let iterations = DeclaredParameter.integer(
            "iterations", in: 1...10_000, default: usual.iterations, echo: false, "Steps of the descent at the most.")
        let theta = DeclaredParameter.number(
            "theta", in: 0...1, default: usual.theta, "How coarse far points are taken; 0 is exact.")
        let seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "tsne", group: .representation, title: "t-SNE", summary: "Tokens embedded in the plane by t-SNE",
            reading: "Tokens embedded in the plane, neighbours beside neighbours, coloured by image or class.",
            cost: "One pass of each image, and iterations that grow with the number of points.",
            parameters: TokenPoints.parameters + [perplexity, iterations, theta, seed])
        return AnalysisKind(spec) { values, subjects in
            guard let points = TokenPoints(&values, subjects, limits: TSNETask.limits) else { return nil }
            var settings = usual
            settings.perplexity = values[perplexity] ?? usual.perplexity
            settings.iterations = values[iterations]
            settings.theta = values[theta]
            settings.seed = values.seed
            let count = points.count(images: subjects.images)
            if subjects.images != .max, settings.perplexity >= Double(count) {
                if values.isGiven(perplexity) {
                    values.add(
                        perplexity,
                        "\(settings.perplexity) neighbours want more points than the \(count) there are.")
                } else {
                    settings.perplexity = max(1, (Double(count) / 3).rounded(.down))
                }
            }
            values.resolve(perplexity, to: .double(settings.perplexity), canonical: "\(settings.perplexity)")
            return TSNETask(model: subjects.model, points: points, settings: settings, images: subjects.images)
        }
    }()
}

/// Tokens embedded in the plane, neighbours beside neighbours (docs/science.md#tsne).
struct TSNETask: AnalysisTask {
    static let limits = 8...10_000

    let model: NamedModel
    let points: TokenPoints
    let settings: TSNE
    let images: Int

    var models: [NamedModel] { [model] }
    var secondsBeside: Double {
        Double(points.count(images: images)) * Double(settings.iterations) * (settings.theta < 0.2 ? 2e-5 : 4e-6)
    }

    /// The embedding, or why there is none.
    private enum Outcome: Sendable {
        case found(TSNE.Embedding)
        case lost(String)
    }

    func need(images: Int) -> MemoryNeed? {
        let count = points.count(images: images)
        let near = saturatingProduct(count, TSNEAffinities.neighbours(of: count, perplexity: settings.perplexity), 160)
        return MemoryNeed(
            bytes: saturatingSum(
                ForwardCost(model.model.config).bytes(images: images),
                saturatingProduct(count, model.model.config.embedDim, 8, 3), near, saturatingProduct(256, count, 24)),
            alternative: "Ask for fewer images, or for tokens=patch_mean.")
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let count = points.count(images: context.images.count), settings = settings
        let outcome = try await context.admitted(need(images: context.images.count)) { slices in
            let samples = try await points.gather(context, model.model, slices)
            return try await slices.run { slice -> Outcome in
                guard samples.isFinite else {
                    return .lost("The tokens of this depth hold numbers that are not finite.")
                }
                guard !samples.hasEqualRows else {
                    return .lost("All points are the same but for rounding, so none lies nearer to another.")
                }
                return .found(
                    try settings.embed(samples, pool: slice.pool) { _ in try slice.checkCancellation() })
            }
        }
        var found: TSNE.Embedding?
        if case .found(let embedding) = outcome { found = embedding }
        let lost = DoubleMatrix(rows: count, cols: 2, [Double](repeating: .nan, count: 2 * count))
        var answer = AnalysisAnswer(
            fields: points.fields(context.images) + [
                ("iterations", .int(found?.iterations ?? 0)), ("kl_divergence", .double(found?.divergence ?? .nan)),
                ("points", TokenPoints.array(found?.points ?? lost)),
            ], mainField: "points")
        if case .lost(let reason) = outcome {
            answer.reasons = ["/points", "/kl_divergence"].map { Reason(pointer: $0, reason: reason) }
        }
        answer.reasons += points.reasons
        answer.figures = [ResultFigure(.scatter, "points", title: "t-SNE", series: "labels")]
        return answer
    }
}
