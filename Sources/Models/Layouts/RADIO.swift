extension CheckpointLayout {
    /// RADIO and C-RADIO (Ranzinger et al. 2024), NVlabs/RADIO: several class tokens and the registers in one tensor, and a
    /// table of positions larger than any image.
    public static let radio = CheckpointLayout(
        "radio", title: "RADIO", reads: "NVIDIA's own files, and folders; images of any size in patches", scheme: .timm,
        names: [
            .tensor("patch_generator.embedder.weight|bias", "patch_embed.proj.$"),
            .tensor("patch_generator.pos_embed", "pos_embed", view: .table),
            .tensor("patch_generator.cls_token.token", "prefix_tokens", view: .table),
            .ignore("patch_generator.video_embedder.**", "the patches of videos"),
        ],
        beside: [
            .ignore("input_conditioner.**", "the statistics of images, which are CLIP's"),
            .ignore("radio_model.input_conditioner.**", "the statistics of images, which are CLIP's"),
            .ignore("summary_idxs", Unneeded.index), .ignore("radio_model.summary_idxs", Unneeded.index),
            .ignore("adaptors|feature_normalizer.**", Unneeded.projector),
            .ignore("radio_model.adaptors|feature_normalizer.**", Unneeded.projector),
        ],
        signs: [LayoutSign(.own) { $0.holds("patch_generator.embedder.weight") }],
        told: ToldPlaces(imgSize: [.config("preferred_resolution")]), imgSize: 224, hasLargerTable: true,
        parts: { _ in LayoutParts(qkvBias: true, finalNorm: false, patchBias: false) },
        resampling: { _ in .bilinearCorners }, images: .clip)
}
