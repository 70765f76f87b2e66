import Analysis
import JSON
import Models
import Platform
import Tensors

/// Tokens of images at one depth, each of them a point (science: B.10).
struct TokenPoints: Sendable {
    /// A place of the residual stream; see `ResidualTaps`.
    let tap: Int
    let depth: Int
    let tokens: TokenFeatures
    let convention: Convention
    let layout: TokenLayout
    let width: Int

    /// - Parameters:
    ///   - images: how many there are.
    ///   - limit: points that can be dealt with.
    /// - Returns: nil, with a fault noted, where the parameters do not fit.
    static func read(
        _ parameters: inout ParameterReader, _ model: NamedModel, images: Int, limits: ClosedRange<Int>
    ) -> TokenPoints? {
        let convention = parameters.choice("convention", default: Convention.corrected)
        let tokens = parameters.choice("tokens", default: TokenFeatures.patches)
        let config = model.model.config, layout = TokenLayout(config)
        // The notebook's slider counts half blocks, though its label says blocks (science: G.1, 2).
        let last = convention == .reference ? 2 * config.depth : config.depth
        let standard = convention == .reference ? min(10, last) : last
        let asked = parameters.integer("depth", in: -(last + 1)...last) ?? standard
        let depth = asked < 0 ? asked + last + 1 : asked
        if (try? tokens.check(layout)) == nil {
            parameters.add("tokens", "“\(model.name)” has no class token; write patches or patch_mean.")
        }
        let points = saturatingProduct(images, tokens.samples(layout))
        if images != .max, !limits.contains(points) {
            parameters.add(
                "image",
                points > limits.upperBound
                    ? "These are \(points) points, and \(limits.upperBound) can be placed. "
                        + "Ask for fewer images, or for tokens=patch_mean."
                    : "\(limits.lowerBound) points at least are needed. Give more images, or ask for tokens=patches.")
        }
        return TokenPoints(
            tap: convention == .reference ? depth : 2 * depth, depth: depth, tokens: tokens, convention: convention,
            layout: layout, width: config.embedDim)
    }

    func count(images: Int) -> Int { saturatingProduct(images, tokens.samples(layout)) }

    var canonical: [String] {
        ["tap \(tap)", "depth \(depth)", "tokens \(tokens.rawValue)", "convention \(convention)"]
    }

    /// (points, embedDim), the images one after another.
    func gather(_ context: AnalysisContext, _ model: LoadedModel, _ slices: ComputeSlices) async throws -> DoubleMatrix
    {
        var request = IntermediatesRequest()
        if tap % 2 == 0 { request.hiddenStates = [tap / 2] } else { request.attentionResiduals = [tap / 2] }
        let wanted = request, points = self
        return .stacking(
            try await context.forEachBatch(
                of: Array(context.images.indices), model: model, batchSize: ForwardCost(model.config).batchSize(),
                slices
            ) { batch in
                var seen = Intermediates()
                try batch.forward(wanted) { seen.add($0) }
                let shown = points.tap % 2 == 0 ? seen.hiddenStates : seen.attentionResiduals
                guard let stream = shown[points.tap / 2] else {
                    throw ServiceError.internalFault("no tap \(points.tap)")
                }
                return try points.tokens.features(stream, layout: points.layout, pool: batch.pool)
            })
    }

    /// Echo, and the image and class of every point.
    func fields(_ images: [ImageSource]) -> [AnalysisResult.Field] {
        let samples = tokens.samples(layout)
        func repeated<T>(_ values: [T]) -> [T] { values.flatMap { [T](repeating: $0, count: samples) } }
        return [
            ("depth", .int(depth)),
            ("tap", .string(tap == 0 ? "embed" : "blocks.\((tap - 1) / 2).\(tap % 2 == 1 ? "attn" : "mlp")")),
            ("tokens", .string(tokens.rawValue)), ("convention", .string(convention.rawValue)),
            ("image_of_point", .ints(repeated(Array(images.indices)))),
            ("labels", .strings(repeated(images.map { $0.className ?? $0.ref }))),
        ]
    }

    /// Numbers of every point.
    static func array(_ points: DoubleMatrix) -> JSONValue {
        .array(
            NamedArray(
                shape: [points.rows, points.cols], axes: ["point", "dimension"], numbers: .float64(points.values)))
    }
}
