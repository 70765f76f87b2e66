import Analysis
import Catalogue
import JSON
import Models
import Tensors

/// Tokens of images at one depth, each of them a point (docs/science.md#pca).
struct TokenPoints: Sendable {
    /// A place of the residual stream; see `ResidualTaps`.
    let tap: Int
    let depth: Int
    let tokens: TokenFeatures
    let layout: TokenLayout
    let width: Int
    /// Patches of an image that are taken, where there are more than can be placed; nil for all.
    let taken: [Int]?
    /// Below so many of an image its patches no longer show where it is.
    static let fewestTaken = 8

    static let depthParameter = DeclaredParameter<Int?>.integer(
        "depth", in: -1_000_000...1_000_000,
        "0 is the embedding, 1 the first block's output; -1 is the last, which stands without it. With "
            + "convention=reference half blocks are counted, and 10 stands without it.")
    static let tokensParameter = DeclaredParameter.choice(
        "tokens", default: TokenFeatures.patches, "What stands for an image.")
    static let parameters: [any AnyDeclaredParameter] = [
        depthParameter, tokensParameter, DeclaredParameter.convention,
    ]

    /// - Parameter limits: points that can be dealt with.
    /// - Returns: nil, with a fault noted, where the parameters do not fit.
    init?(_ values: inout ParameterValues, _ subjects: AnalysisKind.Subjects, limits: ClosedRange<Int>) {
        let model = subjects.model, images = subjects.images
        let config = model.model.config, layout = TokenLayout(config), tokens = values[Self.tokensParameter]
        let convention = values[.convention]
        // The notebook's slider counts half blocks, though its label says blocks.
        let last = convention == .reference ? 2 * config.depth : config.depth
        let asked = values[Self.depthParameter] ?? (convention == .reference ? min(10, last) : last)
        let depth = asked < 0 ? asked + last + 1 : asked
        if (try? tokens.check(layout)) == nil {
            values.add(Self.tokensParameter, "“\(model.name)” has no class token; write patches or patch_mean.")
        }
        let samples = tokens.samples(layout), room = images > 0 ? limits.upperBound / images : limits.upperBound
        let isSampled = tokens == .patches && images != .max && samples > room && room >= Self.fewestTaken
        taken = isSampled ? (0..<room).map { $0 * samples / room } : nil
        let points = saturatingProduct(images, taken?.count ?? samples)
        if images != .max, !limits.contains(points) {
            values.add(
                "image",
                points > limits.upperBound
                    ? "These are \(points) points, and \(limits.upperBound) can be placed. "
                        + "Ask for fewer images, or for tokens=patch_mean."
                    : "\(limits.lowerBound) points at least are needed. Give more images, or ask for tokens=patches.")
        }
        guard (0...last).contains(depth) else {
            values.add(
                Self.depthParameter,
                "Depth \(asked) does not exist: write a whole number from \(-(last + 1)) to \(last).")
            return nil
        }
        values.resolve(Self.depthParameter, to: .int(depth), canonical: "\(depth)")
        tap = convention == .reference ? depth : 2 * depth
        self.depth = depth
        self.tokens = tokens
        self.layout = layout
        width = config.embedDim
    }

    /// Points of an image.
    private var samples: Int { taken?.count ?? tokens.samples(layout) }

    func count(images: Int) -> Int { saturatingProduct(images, samples) }

    /// That patches were left out, where they were.
    var reasons: [Reason] {
        guard let taken else { return [] }
        return [
            Reason(
                pointer: "/points",
                reason: "Of the \(layout.grid.count) patches of an image \(taken.count) are taken, evenly: more points "
                    + "cannot be placed.")
        ]
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
                let features = try points.tokens.features(stream, layout: points.layout, pool: batch.pool)
                guard let taken = points.taken else { return features }
                let all = points.tokens.samples(points.layout)
                return .stacking(
                    batch.sources.indices.flatMap { image in
                        taken.map { features.rows(image * all + $0..<image * all + $0 + 1) }
                    })
            })
    }

    /// Echo, and the image and class of every point.
    func fields(_ images: [ImageSource]) -> [AnalysisResult.Field] {
        func repeated<T>(_ values: [T]) -> [T] { values.flatMap { [T](repeating: $0, count: samples) } }
        return [
            ("tap", .string(tap == 0 ? "embed" : "blocks.\((tap - 1) / 2).\(tap % 2 == 1 ? "attn" : "mlp")")),
            ("image_of_point", .ints(repeated(Array(images.indices)))),
            ("labels", .strings(repeated(images.map(\.label)))),
        ]
    }

    /// Numbers of every point.
    static func array(_ points: DoubleMatrix) -> JSONValue {
        .array(
            NamedArray(
                shape: [points.rows, points.cols], axes: ["point", "dimension"], numbers: .float64(points.values)))
    }
}
