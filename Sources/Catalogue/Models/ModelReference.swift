import JSON
import Models

/// A model by its name, and how another process reads the same checkpoint.
package struct ModelReference: Sendable, Equatable {
    package let name: String
    /// Of the file or folder, absolute.
    package let path: String
    package let options: ModelLoader.Options

    package init(name: String, path: String, options: ModelLoader.Options) {
        self.name = name
        self.path = path
        self.options = options
    }
}

extension ModelReference: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard let name = value["name"]?.string, let path = value["path"]?.string, path.hasPrefix("/") else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "This names no model and its file."))
        }
        var options = ModelLoader.Options()
        options.arch = value["arch"]?.string
        options.numHeads = value["num_heads"]?.int
        if let sides = value["img_size"]?.list?.compactMap(\.int), sides.count == 2 {
            options.imgSize = ImageSize(height: sides[0], width: sides[1])
        }
        options.checkpointKey = value["checkpoint_key"]?.string
        options.activation = value["activation"]?.string.flatMap(ActivationFunction.init)
        if let preprocess = value["preprocess"], preprocess.object != nil {
            options.preprocess = PreprocessOptions(
                cropPct: preprocess["crop_pct"]?.double, cropMode: preprocess["crop_mode"]?.string,
                interpolation: preprocess["interpolation"]?.string,
                mean: preprocess["mean"]?.list?.compactMap(\.double),
                std: preprocess["std"]?.list?.compactMap(\.double))
        }
        self.init(name: name, path: path, options: options)
    }

    package func encode(to encoder: any Encoder) throws {
        let value = JSONValue.object([
            .init("name", .string(name)), .init("path", .string(path)), .init("arch", .optional(options.arch)),
            .init("num_heads", .optional(options.numHeads)),
            .init("img_size", options.imgSize.map { .ints([$0.height, $0.width]) } ?? .null),
            .init("checkpoint_key", .optional(options.checkpointKey)),
            .init("activation", .optional(options.activation?.rawValue)),
            .init(
                "preprocess",
                options.preprocess.map {
                    .object([
                        .init("crop_pct", $0.cropPct.map(JSONValue.double) ?? .null),
                        .init("crop_mode", .optional($0.cropMode)),
                        .init("interpolation", .optional($0.interpolation)),
                        .init("mean", $0.mean.map(JSONValue.doubles) ?? .null),
                        .init("std", $0.std.map(JSONValue.doubles) ?? .null),
                    ])
                } ?? .null),
        ])
        try value.encode(to: encoder)
    }
}
