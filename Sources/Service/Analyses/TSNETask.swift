import Analysis
import JSON
import Models
import Platform
import Tensors

/// Tokens embedded in the plane, neighbours beside neighbours (science: B.10, figure E.2).
struct TSNETask: AnalysisTask {
    private static let limits = 8...10_000

    private let model: NamedModel
    private let points: TokenPoints
    private let settings: TSNE
    private let images: Int

    var models: [NamedModel] { [model] }
    var turnKey: String? { nil }
    var canonical: [String] {
        points.canonical + [
            "perplexity \(settings.perplexity)", "iterations \(settings.iterations)", "theta \(settings.theta)",
            "seed \(settings.seed)",
        ]
    }

    var secondsBeside: Double {
        Double(points.count(images: images)) * Double(settings.iterations) * (settings.theta < 0.2 ? 2e-5 : 4e-6)
    }

    static func read(_ parameters: inout ParameterReader, _ model: NamedModel, images: Int) -> TSNETask? {
        let points = TokenPoints.read(&parameters, model, images: images, limits: limits)
        var settings = TSNE()
        settings.perplexity = parameters.number("perplexity", in: 1...1000) ?? settings.perplexity
        settings.iterations = parameters.integer("iterations", in: 1...10_000) ?? settings.iterations
        settings.theta = parameters.number("theta", in: 0...1) ?? settings.theta
        settings.seed = UInt64(parameters.integer("seed", in: 0...1_000_000_000) ?? 0)
        guard let points else { return nil }
        let count = points.count(images: images)
        if images != .max, settings.perplexity >= Double(count) {
            if parameters.text("perplexity") == nil {
                settings.perplexity = max(1, (Double(count) / 3).rounded(.down))
            } else {
                parameters.add(
                    "perplexity", "\(settings.perplexity) neighbours want more points than the \(count) there are.")
            }
        }
        return TSNETask(model: model, points: points, settings: settings, images: images)
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
                ("perplexity", .double(settings.perplexity)), ("theta", .double(settings.theta)),
                ("seed", .int(Int(settings.seed))),
                ("iterations", .int(found?.iterations ?? 0)), ("kl_divergence", .double(found?.divergence ?? .nan)),
                ("points", TokenPoints.array(found?.points ?? lost)),
            ], mainField: "points")
        if case .lost(let reason) = outcome {
            answer.reasons = ["/points", "/kl_divergence"].map { Reason(pointer: $0, reason: reason) }
        }
        answer.figures = [ResultFigure(.scatter, "points", title: "t-SNE", series: "labels")]
        return answer
    }
}
