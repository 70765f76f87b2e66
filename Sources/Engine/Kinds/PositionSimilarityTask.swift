import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let positionSimilarity: AnalysisKind = {
        let centered = DeclaredParameter.flag(
            "centered", default: false, "Whether the mean position, which all patches share, is subtracted first.")
        let spec = AnalysisSpec(
            "position-similarity", group: .representation, title: "Similarity of positions",
            summary: "How alike a model's positions are, by distance; no image is looked at",
            reading:
                "What a model knows of places before it has seen an image: positions that are near each other should be "
                + "alike, and biases and turned keys should favour what is near, if it is to look near.",
            cost: "No pass.", parameters: [centered], images: .nothing)
        return AnalysisKind(spec) { values, subjects in
            let config = subjects.model.model.config
            let isCentred = values[centered]
            if config.posEmbed == .none, config.relPos == .none, config.rope == nil {
                values.add(
                    "model", "“\(subjects.model.name)” has no positions of any kind, so there are none to compare.")
                return nil
            }
            if values.isGiven(centered), isCentred, config.posEmbed == .none {
                values.add(centered, "“\(subjects.model.name)” adds no positions to its patches; write false.")
            }
            return PositionSimilarityTask(model: subjects.model, isCentred: isCentred)
        }
    }()
}

/// What positions say of two places (docs/science.md#position-similarity).
struct PositionSimilarityTask: AnalysisTask {
    let model: NamedModel
    let isCentred: Bool

    var models: [NamedModel] { [model] }

    private struct Found: Sendable {
        /// (patches, patches); nil without absolute positions.
        var cosines: [Double]?
        /// (heads, distances), with the name of each head.
        var biases: [(name: String, profile: [Double])] = []
        var turning: [(name: String, profile: [Double])] = []
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let transformer = try context.network(of: model.model).transformer, grid = model.model.config.grid
        let pairs = saturatingProduct(grid.count, grid.count, 8)
        let bytes = saturatingProduct(pairs, 2 + model.model.config.numHeads)
        let profile = PositionProfile(grid: grid), isCentred = isCentred
        let found = try await context.admitted(bytes: bytes, alternative: "Ask for a smaller img_size.") { slices in
            try await slices.run { slice in
                var found = Found()
                found.cosines = transformer.patchPositions.map {
                    profile.cosines($0, isCentred: isCentred, pool: slice.pool)
                }
                for (block, bias) in transformer.relativeBiases.enumerated() {
                    try slice.checkCancellation()
                    let place = transformer.relativeBiases.count == 1 ? "" : "block \(block) "
                    for (head, numbers) in profile.biases(bias).enumerated() {
                        found.biases.append(("\(place)head \(head)", profile.byDistance(numbers)))
                    }
                }
                for (block, tables) in transformer.rotaryTables.enumerated() {
                    try slice.checkCancellation()
                    let turned = profile.turning(tables, pool: slice.pool)
                    let place = transformer.rotaryTables.count == 1 ? "every block" : "block \(block)"
                    for (head, numbers) in turned.enumerated() {
                        let name = turned.count == 1 ? place : "\(place) head \(head)"
                        found.turning.append((name, profile.byDistance(numbers)))
                    }
                }
                return found
            }
        }
        return answer(found, profile)
    }

    private func answer(_ found: Found, _ profile: PositionProfile) -> AnalysisAnswer {
        let patches = profile.grid.count
        func profiles(_ rows: [(name: String, profile: [Double])], _ axis: String) -> JSONValue {
            guard !rows.isEmpty else { return .null }
            return .numbers(
                rows.flatMap(\.profile), by: [axis, "distance"], shape: [rows.count, profile.count])
        }
        var answer = AnalysisAnswer(
            fields: [
                ("distances", .ints(Array(0..<profile.count))),
                (
                    "similarity",
                    found.cosines.map { .numbers($0, by: ["patch", "other_patch"], shape: [patches, patches]) } ?? .null
                ),
                (
                    "similarity_by_distance",
                    found.cosines.map { .numbers(profile.byDistance($0), by: ["distance"]) } ?? .null
                ),
                ("bias_heads", .strings(found.biases.map(\.name))),
                ("bias_by_distance", profiles(found.biases, "bias_head")),
                ("rotary_heads", .strings(found.turning.map(\.name))),
                ("rotary_by_distance", profiles(found.turning, "rotary_head")),
            ],
            mainField: found.cosines != nil
                ? "similarity" : found.biases.isEmpty ? "rotary_by_distance" : "bias_by_distance")
        answer.reasons = reasons(found)
        answer.figures = figures(found)
        return answer
    }

    private func figures(_ found: Found) -> [ResultFigure] {
        var figures: [ResultFigure] = []
        if found.cosines != nil {
            figures += [
                ResultFigure(
                    .lines, "similarity_by_distance", title: "similarity of positions", x: "distances",
                    xLabel: "distance in patches", yLabel: "cosine"),
                ResultFigure(
                    .heatMap, "similarity", title: "similarity of positions", xLabel: "patch", yLabel: "patch",
                    range: -1...1),
            ]
        }
        if !found.biases.isEmpty {
            figures.append(
                ResultFigure(
                    .lines, "bias_by_distance", title: "bias of scores", x: "distances", series: "bias_heads",
                    xLabel: "distance in patches", yLabel: "bias"))
        }
        if !found.turning.isEmpty {
            figures.append(
                ResultFigure(
                    .lines, "rotary_by_distance", title: "what turning leaves of a product", x: "distances",
                    series: "rotary_heads", xLabel: "distance in patches", yLabel: "share"))
        }
        return figures
    }

    private func reasons(_ found: Found) -> [Reason] {
        var reasons: [Reason] = []
        func add(_ fields: [String], _ reason: String) {
            reasons += fields.map { Reason(pointer: "/" + $0, reason: reason) }
        }
        let absolute = ["similarity", "similarity_by_distance"]
        if let cosines = found.cosines {
            if !cosines.allSatisfy(\.isFinite) {
                add(
                    absolute,
                    "Where there is no number, a position is zero or not finite, or all are the same, so they have no "
                        + "direction.")
            }
        } else {
            add(absolute, "This model adds no positions to its patches.")
        }
        if found.biases.isEmpty { add(["bias_by_distance"], "This model has no bias of relative positions.") }
        if found.turning.isEmpty { add(["rotary_by_distance"], "This model has no rotary positions.") }
        return reasons
    }
}
