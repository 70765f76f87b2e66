import Analysis
package import Catalogue
package import Images
import JSON
import Models
import Tensors

extension AnalysisResult {
    /// Puts an answer between what was asked and what there is to say about it.
    init(_ analysis: PreparedAnalysis, answer: AnalysisAnswer, time: TimeKeeper) {
        var fields: [Field] = [
            ("analysis", .string(analysis.kind.name)), ("analysis_id", .string(analysis.id)),
        ]
        let single = analysis.task.models.count == 1 ? analysis.task.models.first : nil
        if let single { fields.append(("model", single.field)) }
        fields += analysis.images.fields
        if let config = single?.model.config {
            fields += [
                ("num_prefix_tokens", .int(config.numPrefixTokens)),
                ("grid", .ints([config.grid.rows, config.grid.cols])),
                ("patch_size", .int(config.patchSize)),
                ("img_size", .ints([config.imgSize.height, config.imgSize.width])),
            ]
        }
        fields += analysis.echo + answer.fields
        fields.append(("figures", .list(answer.figures.map(\.value))))
        let reasons = answer.reasons + MissingNumbers(answer).reasons
        fields.append(
            (
                "reasons",
                .list(
                    reasons.map {
                        .object([.init("pointer", .string($0.pointer)), .init("reason", .string($0.reason))])
                    })
            ))
        id = analysis.id
        kind = analysis.kind
        self.fields = fields
        mainField = answer.mainField
        figures = answer.figures
        scene = Scene(analysis)
        timing = Timing(time)
    }

    /// This result for somebody who asks again: under the name by which they asked, and as found.
    package func found(for analysis: PreparedAnalysis) -> AnalysisResult {
        found(for: analysis, timing: Timing.hit.entries)
    }

    /// This result for somebody who asks: under the name by which they asked.
    package func found(for analysis: PreparedAnalysis, timing: [Timing.Entry]) -> AnalysisResult {
        var result = self
        result.timing.entries = timing
        // The same weights may be known under two names, the same image by two references.
        let single = analysis.task.models.count == 1 ? analysis.task.models.first : nil
        if let single {
            result.set("model", single.field)
        } else {
            for (name, model) in zip(["a", "b"], analysis.task.models) { result.set(name, model.field) }
        }
        if result.scene.sources.isEmpty { result.scene = Scene(analysis) }
        for field in analysis.images.fields { result.set(field.name, field.value) }
        if case .list(let points)? = self["image_of_point"] {
            let labels = analysis.images.sources.map(\.label)
            result.set(
                "labels",
                .strings(points.map { $0.int.flatMap { labels.indices.contains($0) ? labels[$0] : nil } ?? "" }))
        }
        return result
    }

    private mutating func set(_ name: String, _ value: JSONValue) {
        if let index = fields.firstIndex(where: { $0.name == name }) { fields[index].value = value }
    }

    /// Memory held, bytes.
    package var byteCount: Int {
        arrays.reduce(4096) { sum, entry in
            switch entry.array.numbers {
            case .float32(let tensor): sum + tensor.byteCount
            case .float64(let numbers): sum + numbers.count * 8
            }
        }
    }
}

/// What a picture shows beside the numbers.
package struct Scene: Sendable {
    /// No picture shows more images.
    static let limit = 64

    package let sources: [ImageSource]
    package let modelNames: [String]
    /// The transform of the one model, if there is one.
    package let transform: EvaluationTransform?
}

extension Scene {
    package init(_ analysis: PreparedAnalysis) {
        let models = analysis.task.models
        self.init(
            sources: Array(analysis.images.sources.prefix(Scene.limit)), modelNames: models.map(\.name),
            transform: models.count == 1 ? models[0].model.transform : nil)
    }
}

extension Timing {
    init(_ time: TimeKeeper) {
        entries = time.stages.map { Entry(name: $0.name, seconds: $0.seconds, description: nil) }
        entries.append(Entry(name: "cache", seconds: nil, description: time["forward"] > 0 ? "miss" : "hit"))
    }

    /// The timing of a result that was there.
    static let hit: Timing = {
        var timing = Timing()
        timing.entries = [Entry(name: "cache", seconds: nil, description: "hit")]
        return timing
    }()
}
