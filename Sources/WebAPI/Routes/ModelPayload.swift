import FoundationEssentials
import Models
import Service

extension ResultValue {
    /// A text, or null.
    static func text(_ text: String?) -> ResultValue { text.map(ResultValue.string) ?? .null }

    /// A whole number, or null.
    static func number(_ number: Int?) -> ResultValue { number.map(ResultValue.int) ?? .null }

    /// A time as RFC 3339 writes it, UTC.
    static func time(_ date: Date) -> ResultValue { .string(date.ISO8601Format()) }

    static func ints(_ numbers: Int...) -> ResultValue { .list(numbers.map(ResultValue.int)) }
}

extension ModelInfo {
    var payload: ResultValue {
        let path = "/v1/models/\(PercentEncoding.encode(name))"
        let analyses = ["attention-distance", "attention-nmi", "attention-entropy", "fourier"]
        let links: [(String, String)] =
            [
                ("self", path), ("load_report", path + "/load-report"), ("attention", path + "/attention"),
                ("attention_rollout", path + "/attention/rollout"),
            ] + analyses.map { ($0.replacing("-", with: "_"), "\(path)/analyses/\($0)") }
        return .object([
            .init("name", .string(name)),
            .init("state", .string(state.rawValue)),
            .init("sha256", .text(sha256)),
            .init("path", .string(self.path)),
            .init("arch", .text(arch)),
            .init("recognised_as", .text(recognisedAs)),
            .init("format", .text(format)),
            .init("parameters", .number(parameters)),
            .init("memory_bytes", .int(memoryBytes)),
            .init("precision", .string(precision)),
            .init("config", config?.payload ?? .null),
            .init("preprocess", preprocess?.payload ?? .null),
            .init("error", .text(error)),
            .init("created_at", .time(createdAt)),
            .init("links", .object(links.map { .init($0.0, .string($0.1)) })),
        ])
    }
}

extension VisionTransformerConfig {
    /// Under timm's names.
    fileprivate var payload: ResultValue {
        .object([
            .init("img_size", .ints(imgSize.height, imgSize.width)),
            .init("patch_size", .int(patchSize)),
            .init("in_chans", .int(inChans)),
            .init("embed_dim", .int(embedDim)),
            .init("depth", .int(depth)),
            .init("num_heads", .int(numHeads)),
            .init("mlp_ratio", .double(Double(mlpHidden) / Double(max(embedDim, 1)))),
            .init("mlp_hidden", .int(mlpHidden)),
            .init("num_prefix_tokens", .int(numPrefixTokens)),
            .init("grid", .ints(grid.rows, grid.cols)),
            .init("patch_embed", .string(patchEmbed.rawValue)),
            .init("qkv_bias", .bool(qkvBias)),
            .init("class_token", .bool(classToken)),
            .init("dist_token", .bool(distToken)),
            .init("num_registers", .int(numRegisters)),
            .init("layer_scale", .bool(layerScale)),
            .init("pos_embed", .string(posEmbed.rawValue)),
            .init("rel_pos", .string(relPos.rawValue)),
            .init("mlp", .string(mlp.rawValue)),
            .init("eps", .double(Double(eps.description) ?? Double(eps))),
            .init("global_pool", .string(globalPool.rawValue)),
            .init("num_classes", .int(numClasses)),
        ])
    }
}

extension PreprocessInfo {
    fileprivate var payload: ResultValue {
        .object([
            .init("crop_pct", .double(cropPct)),
            .init("interpolation", .string(interpolation)),
            .init("mean", .list(mean.map(ResultValue.double))),
            .init("std", .list(std.map(ResultValue.double))),
        ])
    }
}
