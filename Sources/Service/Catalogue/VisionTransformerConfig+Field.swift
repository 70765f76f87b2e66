public import JSON
public import Models

extension VisionTransformerConfig {
    /// As JSON has it, under timm's names.
    public var field: JSONValue {
        .object([
            .init("img_size", .ints([imgSize.height, imgSize.width])), .init("patch_size", .int(patchSize)),
            .init("in_chans", .int(inChans)), .init("embed_dim", .int(embedDim)), .init("depth", .int(depth)),
            .init("num_heads", .int(numHeads)), .init("mlp_ratio", .double(mlpRatio)),
            .init("mlp_hidden", .int(mlpHidden)), .init("num_prefix_tokens", .int(numPrefixTokens)),
            .init("grid", .ints([grid.rows, grid.cols])),
            .init("qkv_bias", .bool(qkvBias)), .init("class_token", .bool(classToken)),
            .init("dist_token", .bool(distToken)), .init("num_registers", .int(numRegisters)),
            .init("layer_scale", .bool(layerScale)),
            .init("rel_pos", .string(relPos.rawValue)), .init("pos_embed", .string(posEmbed.rawValue)),
            .init("patch_embed", .string(patchEmbed.rawValue)), .init("mlp", .string(mlp.rawValue)),
            .init("eps", .double(Double("\(eps)") ?? Double(eps))),
            .init("global_pool", .string(globalPool.rawValue)), .init("num_classes", .int(numClasses)),
        ])
    }
}
