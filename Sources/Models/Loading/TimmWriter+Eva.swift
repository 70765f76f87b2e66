import Tensors

extension TimmWriter {
    /// timm's class with rotary positions: other words for registers and norms, other names for layer scale.
    mutating func writeEva() {
        guard let rope = config.rope else { return }
        arguments += [
            ("attn_type", "'rope'"), ("class_token", config.classToken ? "True" : "False"),
            ("num_reg_tokens", "\(config.numRegisters)"),
            ("use_abs_pos_emb", config.posEmbed == .none ? "False" : "True"),
            ("no_embed_class", config.posEmbed == .patches ? "True" : "False"), ("use_rot_pos_emb", "True"),
            ("rope_temperature", "\(rope.base)"), ("rope_grid_offset", "\(rope.offset)"),
            ("rope_grid_indexing", rope.axes == .columnsFirst ? "'xy'" : "'ij'"),
            ("rope_rotate_half", rope.pairs == .halves ? "True" : "False"),
            ("use_pre_transformer_norm", config.normPre ? "True" : "False"),
            ("use_post_transformer_norm", config.finalNorm ? "True" : "False"),
            ("use_fc_norm", config.fcNorm ? "True" : "False"), ("swiglu_mlp", config.mlp == .swiglu ? "True" : "False"),
            ("scale_mlp", config.mlpNorm ? "True" : "False"), ("scale_attn_inner", config.attnNorm ? "True" : "False"),
            ("qk_norm", config.qkNorm == .none ? "False" : "True"),
        ]
        if rope.coordinates == .centred { arguments.append(("rope_type", "'dinov3'")) }
        if rope.frequencies == .mixed { arguments.append(("rope_type", "'mixed'")) }
        if let reference = rope.reference {
            arguments.append(("ref_feat_shape", "(\(reference.rows), \(reference.cols))"))
        }
        if rope.frequencies == .stored {
            notes.append("timm computes the periods of its rotary positions; those that the file stores are lost")
            stateDict["rope.periods"] = nil
        }
        if rope.frequencies == .tubelets {
            notes.append("timm has no class with V-JEPA 2's rotary positions; only the names are timm's")
        }
        if config.mlp != .gelu, config.mlp != .swiglu {
            notes.append("timm's Eva has GELU in its MLPs; this network has \(config.mlp.rawValue)")
        }
        rename()
    }

    private mutating func rename() {
        if config.normPre { dropPatchBias() }
        let old = stateDict
        stateDict = StateDict()
        for name in old.names {
            guard let entry = old[name] else { continue }
            if name.hasSuffix(".ls1.gamma") || name.hasSuffix(".ls2.gamma") {
                let number = name.hasSuffix(".ls1.gamma") ? "1" : "2"
                stateDict[name.dropLast("ls1.gamma".count) + "gamma_" + number] = entry
            } else if config.mlpNorm, config.mlp == .swiglu, name.contains(".mlp.fc1.") {
                let rows = entry.tensor(), hidden = config.mlpHidden
                stateDict[name.replacing(".fc1.", with: ".fc1_g.")] = StateDict.Entry(rows.rows(0..<hidden))
                stateDict[name.replacing(".fc1.", with: ".fc1_x.")] = StateDict.Entry(rows.rows(hidden..<2 * hidden))
            } else {
                stateDict[name] = entry
            }
        }
    }
}
