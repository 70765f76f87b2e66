import Analysis
import Catalogue
import Images
import JSON
import Models
import Platform
import Tensors

extension AnalysisKind {
    public static let representationQuality: AnalysisKind = {
        let views = DeclaredParameter.integer(
            "views", in: 0...16, default: 4,
            "How many views of each image are drawn for alignment, which compares the first two, and LiDAR, which takes "
                + "all. With fewer than two there is neither.")
        let cropMin = DeclaredParameter.number(
            "crop_min", in: 0.01...1, default: 0.5, "The least share of an image's area that a view shows.")
        let first = DeclaredParameter.integer(
            "alpha_first", in: 1...1_000_000, default: 5, "The first rank of the eigenvalues that α is fitted to.")
        let last = DeclaredParameter.integer(
            "alpha_last", in: 1...1_000_000, default: 100, "The last rank of them, where there are so many.")
        let seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "representation-quality", group: .representation, title: "Quality without labels",
            summary: "RankMe, effective rank, α-ReQ, TwoNN, uniformity, alignment and LiDAR by depth",
            reading:
                "How many directions images use, how evenly they are spread, and how little their views differ. Compare "
                + "models on the same images: every one of these numbers depends on how many there are.",
            cost: "One pass of each image, one of each view, and decompositions of each depth.",
            parameters: [
                DeclaredParameter.layers, DepthFeatures.poolParameter, views, cropMin, first, last, seed,
            ])
        return AnalysisKind(spec) { values, subjects in
            if values[first] > values[last] {
                values.add(
                    values.isGiven(last) ? last : first,
                    "α wants ranks from alpha_first to alpha_last, and \(values[first]) is beyond \(values[last]).")
            }
            let (count, least, seed) = (values[views], values[cropMin], values.seed)
            let ranks = values[first]...max(values[first], values[last])
            return DepthFeatures(&values, subjects.model).map {
                RepresentationQualityTask(
                    model: subjects.model, features: $0, views: count < 2 ? 0 : count, cropMin: least, ranks: ranks,
                    seed: seed, images: subjects.images)
            }
        }
    }()
}

/// Quality of representations without labels, by depth (docs/science.md#representation-quality).
struct RepresentationQualityTask: AnalysisTask {
    let model: NamedModel
    let features: DepthFeatures
    /// None, or two at least.
    let views: Int
    let cropMin: Double
    /// Of the eigenvalues that α is fitted to.
    let ranks: ClosedRange<Int>
    let seed: UInt64
    let images: Int

    var models: [NamedModel] { [model] }
    var passes: Int { 1 + views }

    /// Decompositions of (images, width) and, for LiDAR, of (images · views, width) with its vectors; and all pairs.
    var secondsBeside: Double {
        let (n, d) = (Double(images), Double(features.width)), all = n * Double(max(views, 1))
        let work = 8 * n * d * min(n, d) + 6 * all * d * min(all, d) + n * n * (4 * d + 40)
        return Double(features.depths.count) * work / 5e9
    }

    func need(images: Int) -> MemoryNeed? {
        let rows = saturatingProduct(images, max(1, views), features.width, 8, 5)
        return MemoryNeed(
            bytes: saturatingSum(
                ForwardCost(model.model.config).bytes(images: images),
                saturatingProduct(features.bytes(images: images), passes), rows,
                saturatingProduct(256, images, 8)),
            alternative: "Ask for fewer images, layers or views.")
    }

    /// Of one depth; nil where there is none.
    struct Numbers: Sendable {
        let rankMe, effectiveRank, alpha, dimension, uniformity, alignment, lidar: Double?
        /// How many eigenvalues α is fitted to, and how many images another one equals; nil where features are not finite.
        let fitted, equals: Int?
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let found = try await context.admitted(need(images: context.images.count)) { slices in
            let plain = try await features.gather(context, model.model, slices)
            var seen: [[Tensor]] = []
            for view in 0..<views {
                seen.append(
                    try await features.gather(context, model.model, slices) { batch in
                        batch.changed { input in ImageViews.views(input, parts(of: batch, view, input.shape)) }
                    })
            }
            let gathered = seen
            var found: [Numbers] = []
            for depth in plain.indices {
                found.append(
                    try await slices.run { slice in
                        try numbers(
                            DoubleMatrix(plain[depth]), gathered.map { DoubleMatrix($0[depth]) }, slice)
                    })
            }
            return found
        }
        return RepresentationQualityAnswer(task: self, numbers: found, images: context.images.count).answer
    }

    /// What a view shows of each image, which the image, the view and the seed decide.
    ///
    /// - Parameter shape: (batch, channels, height, width).
    private func parts(of batch: ForwardBatch, _ view: Int, _ shape: [Int]) -> [ImageViews.Part] {
        batch.sources.map { source in
            var random = RandomStream(seed: seed, "quality view \(view) \(source.key)")
            let box = CropBox.random(
                height: shape[2], width: shape[3], scale: cropMin...1, ratio: 3.0 / 4...4.0 / 3, random: &random)
            return ImageViews.Part(
                top: box.top, left: box.left, height: box.height, width: box.width, isMirrored: random.chance(0.5))
        }
    }

    private func numbers(
        _ features: DoubleMatrix, _ views: [DoubleMatrix], _ slice: ComputeSlice
    ) throws -> Numbers {
        try slice.checkCancellation()
        let eigenvalues = RepresentationQuality.eigenvalues(features)
        let nearest = features.rows > 2 ? IntrinsicDimension(features, pool: slice.pool) : nil
        let uniformity = RepresentationQuality.uniformity(features, pool: slice.pool)
        try slice.checkCancellation()
        return Numbers(
            rankMe: eigenvalues.flatMap { _ in RepresentationQuality.rankMe(features) },
            effectiveRank: eigenvalues.flatMap(RepresentationQuality.effectiveRank),
            alpha: eigenvalues.flatMap { RepresentationQuality.decay($0, ranks: ranks) },
            dimension: nearest?.dimension, uniformity: uniformity,
            alignment: views.count > 1 ? RepresentationQuality.alignment(views[0], views[1]) : nil,
            lidar: views.count > 1 ? DiscriminantRank.lidar(views) : nil,
            fitted: eigenvalues.map { RepresentationQuality.usable($0, ranks).count }, equals: nearest?.equals)
    }
}
