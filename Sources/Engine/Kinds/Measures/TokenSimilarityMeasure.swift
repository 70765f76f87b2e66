import Analysis
import Catalogue
import JSON
import Models
import Platform
import Tensors

extension AnalysisKind {
    public static let tokenSimilarity: AnalysisKind = {
        let layers = DeclaredParameter.layers
        let source = DeclaredParameter.choice(
            "tensor", default: TokenSimilarityMeasure.Source.headOutputs,
            "Attention times values per head, or the residual stream.")
        let spec = AnalysisSpec(
            "token-similarity", group: .representation, title: "Similarity of tokens",
            summary: "Cosine similarity of representations across heads, tokens and depth",
            reading: "Cosine between tokens, heads and depths. Contrastive models make tokens alike, masked ones keep "
                + "them apart.", parameters: [layers, source, DeclaredParameter.convention],
            isUsuallyCompared: true, isShardable: true)
        return AnalysisKind(spec) { values, subjects in
            let config = subjects.model.model.config, source = values[source]
            return values.blocks(subjects.model, layers, ascending: true).map { blocks in
                ImageMeasureTask(
                    model: subjects.model,
                    measure: TokenSimilarityMeasure(
                        source: source, places: source == .residual ? [0] + blocks.map { $0 + 1 } : blocks,
                        numPrefixTokens: config.numPrefixTokens, patches: config.grid.count, heads: config.numHeads))
            }
        }
    }()

}

/// Cosine similarity of representations across heads, across tokens and across depth (docs/science.md#token-similarity).
struct TokenSimilarityMeasure: ImageMeasure {
    /// Whose vectors are compared. Raw values are those of the parameter `tensor`.
    enum Source: String, Sendable, CaseIterable {
        /// Attention times values, per head, before projection.
        case headOutputs = "head-outputs"
        /// The residual stream.
        case residual
    }

    let source: Source
    /// Blocks, or for the residual stream depths; ascending.
    let places: [Int]
    let numPrefixTokens: Int
    let patches: Int
    let heads: Int

    var request: IntermediatesRequest {
        var request = IntermediatesRequest()
        if source == .residual { request.hiddenStates = Set(places) } else { request.headOutputs = Set(places) }
        return request
    }

    private var axis: String { source == .residual ? "depth" : "layer" }

    var outputs: [MeasureOutput] {
        let count = places.count
        return [
            MeasureOutput(name: "across_tokens", shape: [count], axes: [axis]),
            MeasureOutput(name: "across_depth", shape: [max(count - 1, 0)], axes: [axis + "_pair"]),
            MeasureOutput(name: "depth_matrix", shape: [count, count], axes: [axis + "_a", axis + "_b"]),
            MeasureOutput(name: "mean_token_depth_matrix", shape: [count, count], axes: [axis + "_a", axis + "_b"]),
        ] + (source == .headOutputs ? [MeasureOutput(name: "across_heads", shape: [count], axes: [axis])] : [])
    }

    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]] {
        let tensors = places.compactMap { source == .residual ? seen.hiddenStates[$0] : seen.headOutputs[$0] }
        let prefix = numPrefixTokens, count = tensors.count
        let tokens = tensors.map { PairCosine.amongRows($0, from: prefix).grouped(images) }
        let means = tensors.map { $0.meanRows(from: prefix, images: images) }
        var full = [[Double]](repeating: [Double](repeating: 1, count: count * count), count: images), pooled = full
        var adjacent = [[Double]](repeating: [], count: images)
        for a in 0..<count {
            for b in a..<count {
                let rows = PairCosine.pairwise(tensors[a], tensors[b], from: prefix).grouped(images)
                let whole = PairCosine.pairwise(means[a], means[b]).grouped(images)
                for image in 0..<images {
                    for place in [a * count + b, b * count + a] {
                        full[image][place] = rows[image]
                        pooled[image][place] = whole[image]
                    }
                    if b == a + 1 { adjacent[image].append(rows[image]) }
                }
            }
        }
        let heads = source == .headOutputs ? tensors.map { $0.acrossHeads(from: prefix) } : []
        return (0..<images).map { image in
            [tokens.map { $0[image] }, adjacent[image], full[image], pooled[image]]
                + (source == .headOutputs ? [heads.map { $0[image] }] : [])
        }
    }

    var fields: [AnalysisResult.Field] {
        let pairs = zip(places, places.dropFirst()).map { "\($0)–\($1)" }
        return (source == .residual ? [("depths", .ints(places))] : []) + [(axis + "_pairs", .strings(pairs))]
    }

    var figures: [ResultFigure] {
        let word = source == .residual ? "depth" : "block", names = axis + "s"
        let heads = ResultFigure(
            .lines, "across_heads", title: "cosine similarity across heads", x: names, band: "across_heads_std",
            xLabel: word, yLabel: "cosine")
        return [
            ResultFigure(
                .lines, "across_tokens", title: "cosine similarity across tokens", x: names, band: "across_tokens_std",
                xLabel: word, yLabel: "cosine")
        ] + (source == .headOutputs ? [heads] : []) + [
            ResultFigure(
                .lines, "across_depth", title: "cosine similarity to the next \(word)", x: axis + "_pairs",
                band: "across_depth_std", xLabel: word, yLabel: "cosine"),
            ResultFigure(
                .heatMap, "depth_matrix", title: "cosine similarity across depth", x: names, series: names,
                xLabel: word, yLabel: word),
        ]
    }

    var reasons: [Reason] {
        Reason.lone(
            patches: patches, ["across_tokens"], heads: heads, source == .headOutputs ? ["across_heads"] : [])
    }
}

extension Tensor {
    /// The mean of the rows of each block of (blocks…, rows, width) from `first` on, an image's blocks together:
    /// (images, blocks of one, width).
    fileprivate func meanRows(from first: Int, images: Int) -> Tensor {
        let (rows, width) = (shape[shape.count - 2], shape[shape.count - 1]), blocks = count / max(rows * width, 1)
        let span = span, scale = 1 / Double(Swift.max(rows - first, 1))
        var means: [Float] = []
        means.reserveCapacity(blocks * width)
        for block in 0..<blocks {
            var sum = [Double](repeating: 0, count: width)
            for row in first..<rows {
                for index in 0..<width { sum[index] += Double(span[(block * rows + row) * width + index]) }
            }
            for number in sum { means.append(Float(number * scale)) }
        }
        return Tensor(shape: [images, blocks / Swift.max(images, 1), width], means)
    }

    /// Mean cosine between the heads of a patch, of (images, heads, tokens, width): (images).
    fileprivate func acrossHeads(from first: Int) -> [Double] {
        let (images, heads, tokens, width) = (shape[0], shape[1], shape[2], shape[3])
        // A patch's heads side by side.
        let swapped = permuted([0, 2, 1, 3], of: [images, heads, tokens, width])
            .reshaped([images, tokens, heads, width])
        let all = PairCosine.amongRows(swapped)
        return (0..<images).map { image in
            all[image * tokens + first..<(image + 1) * tokens].reduce(0, +) / Double(Swift.max(tokens - first, 1))
        }
    }
}
