import Analysis
import Engine
import Images
import Models
import Platform
import Tensors
import Training

/// Measures a model on the built-in images: attention, frequencies, singular values, and what separates linearly.
struct ModelProbing {
    /// How many images are looked at.
    struct Sizes {
        /// Images for attention, frequencies and singular values.
        var analysed = 500
        /// Images that linear probes learn from.
        var probeTrain = 4000
        /// Images that they are asked about.
        var probeTest = 2000
    }

    private static let batch = 100
    let sizes: Sizes
    let pool: ThreadPool
    let transform: EvaluationTransform
    let train, test, matched, conflict: ShapesTextures

    /// - Throws: `ImageError.setting` for sizes that make no sense.
    init(side: Int, sizes: Sizes, pool: ThreadPool) throws(ImageError) {
        self.sizes = sizes
        self.pool = pool
        // The whole image: silhouettes may come to its edge.
        transform = EvaluationTransform(height: side, width: side, preprocess: try Preprocess(cropPct: 1))
        // None of these is an image that the models learned from: the jobs draw theirs from seed 100.
        train = try ShapesTextures(count: sizes.probeTrain, imgSize: side, seed: 1)
        test = try ShapesTextures(count: max(sizes.probeTest, sizes.analysed), imgSize: side, seed: 2)
        matched = try ShapesTextures(count: sizes.probeTest, imgSize: side, seed: 3, cue: .matched)
        conflict = try ShapesTextures(count: sizes.probeTest, imgSize: side, seed: 4, cue: .conflict)
    }

    func measure(_ model: VisionTransformer, name: String) -> ModelMeasurement {
        var measurement = ModelMeasurement(name: name)
        analyse(model, &measurement)
        probe(model, &measurement)
        return measurement
    }

    // MARK: what a pass shows

    private func analyse(_ model: VisionTransformer, _ result: inout ModelMeasurement) {
        let config = model.config, layout = TokenLayout(config), prefix = config.numPrefixTokens
        let metrics = AttentionMetrics([.distance, .nmi], layout: layout)
        let fourier = FourierAnalysis(grid: config.grid)
        var distance = LayerHeadStatistics(layers: config.depth, heads: config.numHeads)
        var nmi = distance
        var heads = VectorStatistics(count: config.depth), tokens = heads
        var depths = VectorStatistics(count: max(config.depth - 1, 0))
        var high = VectorStatistics(count: config.depth + 1)
        var spectra = [VectorStatistics?](repeating: nil, count: config.depth + 1)
        var means = [[DoubleMatrix]](repeating: [], count: config.depth + 1)
        var request = IntermediatesRequest()
        request.hiddenStates = Set(0...config.depth)
        for block in 0..<config.depth {
            request.attentions[block] = .all
            request.headOutputs.insert(block)
        }
        for images in batches(test, count: sizes.analysed) {
            let seen = model.forwardIntermediates(images, request: request, pool: pool)
            var headRows: [[Double]] = [], tokenRows: [[Double]] = [], highRows: [[Double]] = [],
                depthRows: [[Double]] = []
            for block in 0..<config.depth {
                guard let maps = seen.attentions[block], let outputs = seen.headOutputs[block] else { continue }
                let values = metrics.values(maps, pool: pool)
                if let found = values.distance { distance.add(found, layer: block) }
                if let found = values.nmi { nmi.add(found, layer: block) }
                if let next = seen.headOutputs[block + 1] {
                    depthRows.append(
                        PairCosine.pairwise(outputs, next, from: prefix).grouped(images.shape[0]))
                }
                let between = CosineSimilarity.acrossHeads(outputs, numPrefixTokens: prefix)
                headRows.append((0..<between.rows).map { row in between.rows(row..<row + 1).values.mean })
                tokenRows.append(CosineSimilarity.acrossTokens(outputs, numPrefixTokens: prefix).imageMeans)
            }
            for depth in 0...config.depth {
                guard let stream = seen.hiddenStates[depth] else { continue }
                let curve = fourier.relativeLogAmplitude(stream, numPrefixTokens: prefix, pool: pool)
                highRows.append((0..<curve.rows).map { curve[$0, curve.cols - 1] })
                let spectrum = SingularValues.tokenSpectra(stream, numPrefixTokens: prefix, pool: pool)
                var sums = spectra[depth] ?? VectorStatistics(count: spectrum.first?.count ?? 0)
                for row in spectrum { sums.add(row) }
                spectra[depth] = sums
                means[depth].append(SingularValues.patchMeans(stream, numPrefixTokens: prefix))
            }
            for image in 0..<images.shape[0] {
                heads.add(headRows.map { $0[image] })
                tokens.add(tokenRows.map { $0[image] })
                high.add(highRows.map { $0[image] })
                depths.add(depthRows.map { $0[image] })
            }
        }
        result.attentionDistancePx = distance.mean.numbers
        result.attentionDistanceSem = distance.standardError.numbers
        result.attentionNmi = nmi.mean.numbers
        result.attentionNmiSem = nmi.standardError.numbers
        result.cosineHeads = heads.mean.numbers
        result.cosineTokens = tokens.mean.numbers
        result.cosineDepths = depths.mean.numbers
        result.highFrequency = high.mean.numbers
        result.singularTokens = spectra.map { Self.decline(($0?.mean ?? []).numbers) }
        result.singularImages = means.map {
            Self.decline(SingularValues.imageLevel(.stacking($0), pool: pool))
        }
    }

    /// The mean of a spectrum relative to its first value.
    private static func decline(_ spectrum: [Double]) -> Double {
        guard let first = spectrum.first else { return .nan }
        return spectrum.map { $0 - first }.mean
    }

    // MARK: what separates linearly

    private func probe(_ model: VisionTransformer, _ result: inout ModelMeasurement) {
        let depth = model.config.depth
        let learned = features(model, train, count: sizes.probeTrain)
        let asked = features(model, test, count: sizes.probeTest)
        func accuracies(_ label: (ShapesTextures, Int) -> Int) -> [Double] {
            FeatureProbe.accuracies(
                train: .init(features: learned, labels: (0..<sizes.probeTrain).map { label(train, $0) }),
                test: .init(features: asked, labels: (0..<sizes.probeTest).map { label(test, $0) }),
                classes: ShapesTextures.shapeNames.count, pool: pool)
        }
        let shapes = accuracies { $0.shapeLabel(at: $1) }, textures = accuracies { $0.textureLabel(at: $1) }
        result.shapeProbe = Array(shapes[...depth])
        result.textureProbe = Array(textures[...depth])
        result.shapeProbeCls = shapes[depth + 1]
        result.textureProbeCls = textures[depth + 1]
        decide(model, &result)
        result.noiseDrop = noiseDrop(model, learned: learned[depth], clean: asked[depth])
    }

    /// Shape bias as Geirhos et al. (2019) define it, where a probe that saw shape and texture agree must choose.
    private func decide(_ model: VisionTransformer, _ result: inout ModelMeasurement) {
        let count = sizes.probeTest, last = model.config.depth + 1
        let learned = [features(model, matched, count: count)[last]]
        let asked = [features(model, conflict, count: count)[last]]
        let decisions = FeatureProbe.decisions(
            train: .init(features: learned, labels: (0..<count).map { matched.shapeLabel(at: $0) }), on: asked,
            classes: ShapesTextures.shapeNames.count, pool: pool)[0]
        let shapes = decisions.enumerated().count { $0.element == conflict.shapeLabel(at: $0.offset) }
        let textures = decisions.enumerated().count { $0.element == conflict.textureLabel(at: $0.offset) }
        guard !decisions.contains(nil) else {
            (result.shapeBias, result.shapeBiasDecided) = (.nan, .nan)
            return
        }
        result.shapeBias = Double(shapes) / Double(max(shapes + textures, 1))
        result.shapeBiasDecided = Double(shapes + textures) / Double(max(count, 1))
    }

    /// The mean patch token at every depth, then the class token after the last block: (images, embedDim) each.
    ///
    /// - Parameter change: what is done to a batch of images first; it is told the number of the first of them.
    func features(
        _ model: VisionTransformer, _ pictures: ShapesTextures, count: Int,
        change: (Tensor, _ first: Int) -> Tensor = { images, _ in images }
    ) -> [Tensor] {
        let config = model.config
        var parts = [[Tensor]](repeating: [], count: config.depth + 2)
        var request = IntermediatesRequest()
        request.hiddenStates = Set(0...config.depth)
        for (number, clean) in batches(pictures, count: count).enumerated() {
            let images = change(clean, number * Self.batch)
            let seen = model.forwardIntermediates(images, request: request, pool: pool).hiddenStates
            for depth in 0...config.depth {
                if let stream = seen[depth] { parts[depth].append(stream.meanTokens(from: config.numPrefixTokens)) }
            }
            if let stream = seen[config.depth] { parts[config.depth + 1].append(stream.token(0)) }
        }
        return parts.map { .concatenating($0) }
    }

    func batches(_ pictures: ShapesTextures, count: Int) -> some Sequence<Tensor> {
        stride(from: 0, to: count, by: Self.batch).lazy.map { start in
            transform.tensor(of: (start..<min(start + Self.batch, count)).map { pictures.image(at: $0) })
        }
    }
}

extension [Double] {
    /// NaN where there is nothing.
    fileprivate var mean: Double { reduce(0, +) / Double(count) }
}

extension [Double?] {
    /// NaN where a number is not defined.
    fileprivate var numbers: [Double] { map { $0 ?? .nan } }
}
