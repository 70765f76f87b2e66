extension CheckpointLayout {
    /// transformers' CLIP (Radford et al. 2021): the image tower.
    public static let hfCLIP = CheckpointLayout(
        "hf_clip", title: "Hugging Face CLIP", reads: "folders; the image tower alone or beside the text tower",
        scheme: .huggingFaceCLIP,
        doubts: [
            .activation("the names are CLIP's, and OpenAI's CLIP has quick_gelu, others gelu") { $0.config.normPre }
        ],
        signs: [
            LayoutSign(.own) { $0.isModelType("clip", "clip_vision_model", "metaclip_2", "metaclip_2_vision_model") },
            LayoutSign(.plain),
        ],
        modelTypes: [
            "clip": 1e-5, "clip_vision_model": 1e-5, "metaclip_2": 1e-5, "metaclip_2_vision_model": 1e-5,
        ],
        defaults: [
            "clip": below("vision_config."), "clip_vision_model": below(""), "metaclip_2": below("vision_config."),
            "metaclip_2_vision_model": below(""),
        ],
        told: ToldPlaces(
            heads: [.config("vision_config.num_attention_heads")], eps: [.config("vision_config.layer_norm_eps")],
            activation: [.config("vision_config.hidden_act")], imgSize: [.config("vision_config.image_size")]),
        eps: 1e-5, parts: { _ in LayoutParts(headBias: false) }, images: .clip)

    /// What CLIPVisionConfig has by default.
    private static func below(_ place: String) -> [String: HintValue] {
        [
            place + "num_attention_heads": .int(12), place + "layer_norm_eps": .double(1e-5),
            place + "hidden_act": .string("quick_gelu"), place + "image_size": .int(224),
        ]
    }
}
