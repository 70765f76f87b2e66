import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let singularValues: AnalysisKind = {
        let layers = DeclaredParameter.layers, convention = DeclaredParameter.convention
        let level = DeclaredParameter.choice(
            "level", default: SingularValueTask.Level.both, "Between the patches of an image, or between images.")
        let base = DeclaredParameter.choice(
            "relative_to", of: SingularValueTask.Base.self,
            "What the logarithms are relative to; without it `first`, and `none` with convention=reference.")
        let spec = AnalysisSpec(
            "singular-values", group: .representation, title: "Singular values",
            summary: "Singular values of token and image representations by depth",
            reading: "Falling fast = few directions are used. Between tokens of an image, and between images.",
            cost: "One pass of each image, and a decomposition of each depth.",
            parameters: [layers, level, base, convention], isUsuallyCompared: true)
        return AnalysisKind(spec) { values, subjects in
            // The published figure subtracts nothing, whatever its axis says.
            let relative = values[base] ?? (values[convention] == .reference ? .none : .first)
            values.resolve(base, to: .string(relative.rawValue), canonical: relative.rawValue)
            return values.blocks(subjects.model, layers).map { blocks in
                SingularValueTask(
                    model: subjects.model, depths: [0] + blocks.map { $0 + 1 }, level: values[level], base: relative)
            }
        }
    }()
}

/// Singular values of the covariance of representations, between the patches of an image and between images by depth (docs/science.md#singular-values).
struct SingularValueTask: AnalysisTask {
    enum Level: String, Sendable, CaseIterable { case token, image, both }

    /// What spectra are given relative to. Raw values are those of the parameter `relative_to`.
    enum Base: String, Sendable, CaseIterable { case none, first, depth0 }

    private struct Sums: Sendable {
        var tokens: [VectorStatistics]
        var effectiveRanks: VectorStatistics
        var images: [Scatter]
    }

    private struct Look: Sendable {
        /// [depth][image]
        let spectra: [[[Double]]]
        let means: [DoubleMatrix]
    }

    private let model: NamedModel
    private let depths: [Int]
    private let level: Level
    private let base: Base

    var models: [NamedModel] { [model] }
    init(model: NamedModel, depths: [Int], level: Level, base: Base) {
        self.model = model
        self.depths = depths
        self.level = level
        self.base = base
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config), width = config.embedDim, depths = depths
        let ranks = max(0, min(width, config.grid.count - 1)), prefix = config.numPrefixTokens
        let wantsTokens = level != .image, wantsImages = level != .token
        let scatter = wantsImages ? saturatingProduct(depths.count, width, width, 8) : 0
        let bytes = saturatingSum(cost.bytes(images: context.images.count), scatter)
        let start = Sums(
            tokens: depths.map { _ in VectorStatistics(count: wantsTokens ? ranks : 0) },
            effectiveRanks: VectorStatistics(count: depths.count),
            images: depths.map { _ in Scatter(width: wantsImages ? width : 0) })
        let (sums, spectra) = try await context.admitted(
            bytes: bytes, alternative: "Ask for fewer layers, or for level=token."
        ) { slices in
            let sums = try await context.fold(
                into: start, model: model.model, batchSize: cost.batchSize(), slices,
                look: { batch in
                    var request = IntermediatesRequest()
                    request.hiddenStates = Set(depths)
                    var found: [Int: ([[Double]], DoubleMatrix)] = [:]
                    try batch.forward(request) { intermediate in
                        guard case .hiddenState(let depth, let tensor) = intermediate else { return }
                        found[depth] = (
                            wantsTokens
                                ? SingularValues.tokenSpectra(tensor, numPrefixTokens: prefix, pool: batch.pool) : [],
                            SingularValues.patchMeans(tensor, numPrefixTokens: prefix)
                        )
                    }
                    return Look(
                        spectra: depths.compactMap { found[$0]?.0 }, means: depths.compactMap { found[$0]?.1 })
                },
                add: { sums, look in
                    for depth in depths.indices {
                        if wantsTokens { for spectrum in look.spectra[depth] { sums.tokens[depth].add(spectrum) } }
                        if wantsImages { sums.images[depth].add(look.means[depth]) }
                    }
                    if wantsTokens {
                        for image in look.spectra[0].indices {
                            sums.effectiveRanks.add(
                                look.spectra.map { SingularValues.effectiveRank(logValues: $0[image]) })
                        }
                    }
                })
            let spectra = try await slices.run { slice in
                try sums.images.map { scatter -> [Double] in
                    try slice.checkCancellation()
                    return SingularValues.imageLevel(scatter, pool: slice.pool)
                }
            }
            return (sums, spectra)
        }
        return answer(sums, spectra, ranks: ranks, images: context.images.count)
    }

    private func answer(_ sums: Sums, _ spectra: [[Double]], ranks: Int, images: Int) -> AnalysisAnswer {
        var answer = AnalysisAnswer(
            fields: [
                ("depths", .ints(depths))
            ], mainField: level == .image ? "image_log_singular_values" : "token_log_singular_values")
        func array(_ name: String, _ rows: [[Double]], _ axis: String) {
            let columns = rows.first?.count ?? 0
            answer.fields.append(
                (
                    name,
                    .array(
                        NamedArray(
                            shape: [rows.count, columns], axes: ["depth", axis],
                            numbers: .float64(rows.flatMap { $0 })))
                ))
        }
        func curve(_ name: String, _ values: [Double?]) {
            answer.fields.append(
                (
                    name,
                    .array(
                        NamedArray(
                            shape: [values.count], axes: ["depth"], numbers: .float64(values.map { $0 ?? .nan })))
                ))
        }
        func mean(_ row: [Double]) -> Double { row.reduce(0, +) / Double(row.count) }
        if level != .image {
            let rows = relative(sums.tokens.map { $0.mean.map { $0 ?? .nan } })
            curve("token_mean", rows.map(mean))
            array("token_log_singular_values", rows, "token_rank")
            array(
                "token_log_singular_values_sem", sums.tokens.map { $0.standardError.map { $0 ?? .nan } }, "token_rank")
            curve("token_effective_rank", sums.effectiveRanks.mean)
            curve("token_effective_rank_std", sums.effectiveRanks.standardDeviation)
            curve("token_effective_rank_sem", sums.effectiveRanks.standardError)
            if images == 1 {
                answer.reasons += Reason.oneImage([
                    "/token_log_singular_values_sem", "/token_effective_rank_std", "/token_effective_rank_sem",
                ])
            }
            if ranks == 0 {
                answer.reasons += ["mean", "effective_rank", "effective_rank_std", "effective_rank_sem"].map {
                    Reason(pointer: "/token_\($0)", reason: "A grid of one patch has no spectrum between patches.")
                }
            } else if sums.tokens.contains(where: { !hasSpread($0.mean) }) {
                answer.reasons += Self.withoutSpread(
                    "token", base, "all patches of an image", ["effective_rank_std", "effective_rank_sem"])
            }
        }
        if level != .token {
            let rows = relative(spectra)
            curve("image_mean", rows.map(mean))
            array("image_log_singular_values", rows, "image_rank")
            curve("image_effective_rank", spectra.map { SingularValues.effectiveRank(logValues: $0) })
            if images == 1 {
                answer.reasons += ["/image_mean", "/image_effective_rank"].map {
                    Reason(pointer: $0, reason: "One image has no spectrum between images; ask for several.")
                }
            } else if spectra.contains(where: { !hasSpread($0) }) {
                answer.reasons += Self.withoutSpread("image", base, "all images", [])
            }
        }
        answer.figures = figures
        return answer
    }

    /// Whether something varies at a depth, or its numbers are not finite, which is another matter.
    private func hasSpread(_ logValues: [Double?]) -> Bool {
        let values = logValues.compactMap(\.self)
        return values.count < logValues.count || values.contains { !$0.isFinite }
            || SingularValues.hasSpread(logValues: values)
    }

    private static func withoutSpread(_ level: String, _ base: Base, _ what: String, _ more: [String]) -> [Reason] {
        ((base == .first ? ["mean", "log_singular_values"] : []) + ["effective_rank"] + more).map {
            Reason(
                pointer: "/\(level)_\($0)",
                reason:
                    "Where there is no number, \(what) are the same at that depth but for rounding, or the numbers of the "
                    + "depth are not finite.")
        }
    }

    private func relative(_ rows: [[Double]]) -> [[Double]] {
        switch base {
        case .none: rows
        case .first:
            // Where the first is clamped there is nothing to be relative to.
            rows.map { row in row.map { SingularValues.hasSpread(logValues: row) ? $0 - row[0] : .nan } }
        case .depth0: rows.map { row in zip(row, rows[0]).map { $0 - $1 } }
        }
    }

    private var figures: [ResultFigure] {
        func figures(_ level: String, _ title: String) -> [ResultFigure] {
            [
                ResultFigure(
                    .lines, "\(level)_log_singular_values", title: "\(title) singular values", series: "depths",
                    xLabel: "rank index", yLabel: base == .none ? "log singular value" : "Δ log singular value",
                    isOrdered: true),
                ResultFigure(
                    .lines, "\(level)_mean", title: "mean \(title) log singular value", x: "depths", xLabel: "depth",
                    yLabel: base == .none ? "log singular value" : "Δ log singular value"),
            ]
        }
        return (level == .image ? [] : figures("token", "token-level"))
            + (level == .token ? [] : figures("image", "image-level"))
    }
}
