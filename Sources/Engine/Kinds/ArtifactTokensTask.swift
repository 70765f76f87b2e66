import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let artifactTokens: AnalysisKind = {
        let layers = DeclaredParameter.layers
        let mapDepth = DeclaredParameter.indices(
            "map_depth", default: "-1", "The depth whose outliers `outlier_map` counts; -1 is the last.")
        let factor = DeclaredParameter.number(
            "factor", in: 1...1_000_000, default: 3,
            "Times the median length of an image's patches beyond which a token is an outlier.")
        let cutoff = DeclaredParameter<Double?>.number(
            "cutoff", in: 0...1e30, "A length beyond which a token is an outlier, instead of factor.")
        let floor = DeclaredParameter.number(
            "massive_floor", in: 0...1e30, default: 100, "The magnitude beyond which a number may be massive.")
        let ratio = DeclaredParameter.number(
            "massive_ratio", in: 1...1e30, default: 1000,
            "Times the median magnitude of an image's numbers from which on it is.")
        let top = DeclaredParameter.integer(
            "top", in: 1...64, default: 5, "How many of the channels that carry the outliers are told.")
        let spec = AnalysisSpec(
            "artifact-tokens", group: .representation, title: "Artifact tokens",
            summary: "Tokens far longer than the others, where they sit and what they draw",
            reading:
                "A few very long patches that draw much attention are registers that the network made for itself. With "
                + "registers of its own it needs none.",
            parameters: [layers, mapDepth, factor, cutoff, floor, ratio, top])
        return AnalysisKind(spec) { values, subjects in
            let config = subjects.model.model.config, blocks = values.blocks(subjects.model, layers, ascending: true)
            let shown = values.indices(mapDepth, count: config.depth + 1, noun: "depth")
            if let shown, shown.count != 1 { values.add(mapDepth, "The map of one depth is shown; name one.") }
            if values.isGiven(factor), values.isGiven(cutoff) {
                values.add(cutoff, "Give factor or cutoff, not both.")
            }
            if values.isGiven(cutoff) { values.omit(factor) }
            guard let blocks, let depth = shown?.first else { return nil }
            values.resolve(mapDepth, to: .int(depth), canonical: "\(depth)")
            let rule = ArtifactTokens.Rule(
                factor: values[factor], cutoff: values[cutoff], massiveFloor: values[floor], massiveRatio: values[ratio]
            )
            return ArtifactTokensTask(
                model: subjects.model, layers: blocks, mapDepth: depth,
                artifacts: ArtifactTokens(layout: TokenLayout(config), rule: rule), top: values[top])
        }
    }()
}

/// Very long tokens and massive activations by depth, and the attention that they draw (docs/science.md#artifact-tokens).
struct ArtifactTokensTask: AnalysisTask {
    let model: NamedModel
    /// Ascending.
    let layers: [Int]
    let mapDepth: Int
    let artifacts: ArtifactTokens
    let top: Int

    var models: [NamedModel] { [model] }

    private var depths: [Int] { [0] + layers.map { $0 + 1 } }
    /// Those at which something has to be looked at, ascending: also what the layers read, and what the map shows.
    private var seenDepths: [Int] { Set(depths + layers + [mapDepth]).sorted() }

    fileprivate struct Sums: Sendable {
        /// By `seenDepths`.
        var depths: [ArtifactSums]
        /// By layer: of the images that have outliers there, what these draw and would draw of even attention.
        var drawn: [Statistics]
        var even: [Statistics]
        var cls: [Statistics]
        var registers: [Statistics]
        var isLost: [Bool]
    }

    fileprivate struct Batch: Sendable {
        /// [depth][image], by `seenDepths`.
        let looks: [[ArtifactTokens.Look?]]
        /// [layer][image]
        let shares: [[ArtifactTokens.Shares?]]
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, layout = artifacts.layout, seen = seenDepths, width = config.embedDim
        // Sums by channel of every image and depth, and the numbers of one depth in doubles, sorted.
        let work = saturatingSum(
            saturatingProduct(seen.count, 4 * width + 2 * layout.numTokens, 8),
            saturatingProduct(layout.numTokens, width, 24))
        let cost = ForwardCost(config, work: work), none = layers.map { _ in Statistics() }
        let start = Sums(
            depths: seen.map { _ in ArtifactSums(layout: layout, width: width) }, drawn: none, even: none, cls: none,
            registers: none, isLost: layers.map { _ in false })
        let sums = try await context.admitted(
            bytes: saturatingSum(cost.bytes(images: context.images.count), saturatingProduct(seen.count, work)),
            alternative: "Ask for fewer layers."
        ) { slices in
            try await context.fold(
                into: start, model: model.model, batchSize: cost.batchSize(), slices, look: { try look($0) },
                add: { $0.add($1) })
        }
        return ArtifactTokensAnswer(
            layout: layout, registers: config.numRegisters, hasDistillation: config.distToken, layers: layers,
            depths: depths, shown: depths.compactMap { depth in seen.firstIndex(of: depth).map { sums.depths[$0] } },
            map: seen.firstIndex(of: mapDepth).map { sums.depths[$0] }, drawn: sums.drawn, even: sums.even,
            cls: sums.cls, toRegisters: sums.registers, isLost: sums.isLost, top: top, images: context.images.count
        ).answer
    }

    private func look(_ batch: ForwardBatch) throws -> Batch {
        var request = IntermediatesRequest()
        request.hiddenStates = Set(seenDepths)
        for layer in layers { request.attentions[layer] = AttentionSelection(queries: Array(artifacts.layout.patches)) }
        var looks: [Int: [ArtifactTokens.Look?]] = [:], shares: [Int: [ArtifactTokens.Shares?]] = [:]
        try batch.forward(request) { intermediate in
            switch intermediate {
            case .hiddenState(let depth, let tokens): looks[depth] = artifacts.looks(tokens)
            // A block's maps come after what it reads.
            case .attention(let layer, let maps): shares[layer] = looks[layer].map { artifacts.shares(maps, $0) }
            default: break
            }
        }
        return Batch(looks: seenDepths.compactMap { looks[$0] }, shares: layers.compactMap { shares[$0] })
    }
}

extension ArtifactTokensTask.Sums {
    fileprivate mutating func add(_ batch: ArtifactTokensTask.Batch) {
        for (depth, looks) in batch.looks.enumerated() { for look in looks { depths[depth].add(look) } }
        for (layer, shares) in batch.shares.enumerated() {
            for share in shares {
                guard let share else {
                    isLost[layer] = true
                    continue
                }
                if let outliers = share.outliers, let part = share.even {
                    drawn[layer].add(outliers)
                    even[layer].add(part)
                }
                cls[layer].add(share.cls)
                registers[layer].add(share.registers)
            }
        }
    }
}
