import Analysis
import Models
import Platform
import Tensors

/// How alike the steps are by which attention moves the tokens of an image (docs/science.md#token-displacement).
struct TokenDisplacementMeasure: ImageMeasure {
    let layers: [Int]
    let layout: TokenLayout
    /// Of a token.
    let width: Int

    var request: IntermediatesRequest { Self.request(layers) }

    /// Both sides of a block in double precision.
    var workBytesPerImage: Int { 2 * layout.grid.count * width * 8 }

    /// Shows the tokens before and after the attention of each of `layers`.
    static func request(_ layers: [Int]) -> IntermediatesRequest {
        var request = IntermediatesRequest()
        request.hiddenStates = Set(layers)
        request.attentionResiduals = Set(layers)
        return request
    }

    var outputs: [MeasureOutput] {
        ["unison", "displacement_cosine", "displacement_norm"].map {
            MeasureOutput(name: $0, shape: [layers.count], axes: ["layer"])
        }
    }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        let count = layout.grid.count
        // A block at a time: twice the precision of all blocks would take more than the pass did.
        let found = layers.compactMap { layer -> [TokenDisplacement]? in
            guard let before = seen.hiddenStates[layer], let after = seen.attentionResiduals[layer] else { return nil }
            let (from, to) = (
                DoubleMatrix(tokens: before, in: layout.patches), DoubleMatrix(tokens: after, in: layout.patches)
            )
            return pool.map(images) { image in
                let own = image * count..<(image + 1) * count
                return TokenDisplacement(before: from.rows(own), after: to.rows(own))
            }
        }
        return (0..<images).map { image in
            let own = found.map { $0[image] }
            return [own.map(\.unison), own.map(\.cosine), own.map(\.length)]
        }
    }

    var fields: [AnalysisResult.Field] { [] }

    var figures: [ResultFigure] {
        [
            ResultFigure(
                .lines, "unison", title: "tokens that move in unison", x: "layers", band: "unison_std",
                xLabel: "block", yLabel: "‖mean step‖ / mean ‖step‖"),
            ResultFigure(
                .lines, "displacement_cosine", title: "cosine between the steps of tokens", x: "layers",
                band: "displacement_cosine_std", xLabel: "block", yLabel: "cosine"),
        ]
    }

    var reasons: [Reason] { Reason.lone(patches: layout.grid.count, ["displacement_cosine"], heads: 2, []) }
}
