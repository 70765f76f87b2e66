extension CheckpointLayout {
    /// DINOv2 (Oquab et al. 2024), with registers (Darcet et al. 2024), facebookresearch/dinov2.
    public static let dinov2 = CheckpointLayout(
        "dinov2", title: "DINOv2", reads: "training and backbone files; registers, SwiGLU, chunked blocks",
        scheme: .timm,
        names: [
            // Its training nests blocks in chunks, blocks.CHUNK.BLOCK; blocks are numbered through all chunks.
            .rename("blocks.#.#.**", to: "blocks.#.**"),
            .tensor("register_tokens", "reg_token"),
            .tensor("blocks.#.mlp.w12.weight|bias", "blocks.#.mlp.fc1.$"),
            .tensor("blocks.#.mlp.w1.weight|bias", "blocks.#.mlp.fc1.$", part: .gate),
            .tensor("blocks.#.mlp.w2.weight|bias", "blocks.#.mlp.fc1.$", part: .up),
            .tensor("blocks.#.mlp.w3.weight|bias", "blocks.#.mlp.fc2.$"),
        ],
        beside: [.ignore("dino_head|ibot_head.**", Unneeded.projector)],
        signs: [
            LayoutSign(.own) { file in
                file.holds("register_tokens")
                    || file.holds { $0.hasPrefix(file.prefix + "blocks.") && $0.hasSuffix(".mlp.w12.weight") }
            },
            LayoutSign(.own) {
                $0.has("blocks.0.ls1.gamma") && !$0.holds("blocks.0.gamma_1") && $0.shape("mask_token")?.count == 2
            },
            LayoutSign(.parts) { $0.isOfDINO && $0.has("blocks.0.ls1.gamma") },
        ],
        families: ["dinov2"], parts: { _ in LayoutParts(qkvBias: true, layerScale: true) },
        resampling: { registers in registers > 0 ? .bicubicAntialiased : .bicubicOffset(0.1) })
}
