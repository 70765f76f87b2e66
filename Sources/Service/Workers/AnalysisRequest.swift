import Checkpoints
import Models
import Platform

/// An analysis that runs in the queue: what its worker needs to ask the same question.
struct AnalysisRequest: Sendable {
    /// A model, and how its checkpoint is read.
    struct Model: Sendable {
        let name: String
        /// The absolute path of the file or folder.
        let path: String
        let options: ModelLoader.Options
    }

    /// The label by which the job of a question is found.
    static let label = "analysis_id"

    let id: String
    let kind: AnalysisKind
    let models: [Model]
    /// With the images, without the models.
    let parameters: [AnalysisParameter]

    init(id: String, kind: AnalysisKind, models: [Model], parameters: [AnalysisParameter]) {
        self.id = id
        self.kind = kind
        self.models = models
        self.parameters = parameters
    }

    /// Nil for a value that is no such request.
    init?(_ field: ResultValue) {
        let value = field.document
        guard let id = value["analysis_id"]?.string, let kind = value["analysis"]?.string.flatMap(AnalysisKind.init),
            let models = value["models"]?.array?.compactMap(Model.init), !models.isEmpty,
            let parameters = value["parameters"]?.array
        else { return nil }
        self.init(
            id: id, kind: kind, models: models,
            parameters: parameters.compactMap { parameter in
                guard let name = parameter["name"]?.string, let text = parameter["value"]?.string else { return nil }
                return AnalysisParameter(name, text)
            })
    }

    var field: ResultValue {
        .object([
            .init("analysis_id", .string(id)), .init("analysis", .string(kind.rawValue)),
            .init("models", .list(models.map(\.field))),
            .init(
                "parameters",
                .list(
                    parameters.map {
                        .object([.init("name", .string($0.name)), .init("value", .string($0.value))])
                    })),
        ])
    }
}

extension AnalysisRequest.Model {
    fileprivate init?(_ value: Value) {
        guard let name = value["name"]?.string, let path = value["path"]?.string, path.hasPrefix("/") else {
            return nil
        }
        var options = ModelLoader.Options()
        options.arch = value["arch"]?.string
        options.numHeads = value["num_heads"]?.int
        if let sides = value["img_size"]?.array?.compactMap(\.int), sides.count == 2 {
            options.imgSize = ImageSize(height: sides[0], width: sides[1])
        }
        options.checkpointKey = value["checkpoint_key"]?.string
        options.activation = value["activation"]?.string.flatMap(ActivationFunction.init)
        if let preprocess = value["preprocess"], preprocess.dictionary != nil {
            options.preprocess = PreprocessOptions(
                cropPct: preprocess["crop_pct"]?.double, cropMode: preprocess["crop_mode"]?.string,
                interpolation: preprocess["interpolation"]?.string,
                mean: preprocess["mean"]?.array?.compactMap(\.double),
                std: preprocess["std"]?.array?.compactMap(\.double))
        }
        self.init(name: name, path: path, options: options)
    }

    fileprivate var field: ResultValue {
        .object([
            .init("name", .string(name)), .init("path", .string(path)), .init("arch", .optional(options.arch)),
            .init("num_heads", .optional(options.numHeads)),
            .init("img_size", options.imgSize.map { .ints([$0.height, $0.width]) } ?? .null),
            .init("checkpoint_key", .optional(options.checkpointKey)),
            .init("activation", .optional(options.activation?.rawValue)),
            .init(
                "preprocess",
                options.preprocess.map {
                    .object([
                        .init("crop_pct", $0.cropPct.map(ResultValue.double) ?? .null),
                        .init("crop_mode", .optional($0.cropMode)),
                        .init("interpolation", .optional($0.interpolation)),
                        .init("mean", $0.mean.map(ResultValue.doubles) ?? .null),
                        .init("std", $0.std.map(ResultValue.doubles) ?? .null),
                    ])
                } ?? .null),
        ])
    }
}
