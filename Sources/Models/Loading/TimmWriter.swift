import Tensors

/// Writes a network the way timm's classes name it.
struct TimmWriter {
    let model: RecognisedModel
    var stateDict = StateDict()
    var expression = ""
    var notes: [String] = []
    var arguments: [(name: String, value: String)] = []

    init(_ model: RecognisedModel) { self.model = model }

    var config: VisionTransformerConfig { model.config }
    private var isBEiT: Bool { config.relPos != .none }
    /// timm's class with rotary positions.
    private var isEva: Bool { config.rope != nil }

    mutating func write() {
        for name in model.stateDict.names { stateDict[name] = model.stateDict[name] }
        writeCommon()
        if isEva { writeEva() } else if isBEiT { writeBEiT() } else { writeVisionTransformer() }
        writeHead()
        let list = arguments.map { "\($0.name)=\($0.value)" }.joined(separator: ", ")
        expression = "\(className)(\(list))"
        if config.patchEmbed == .convStem {
            notes.append("timm has no class with MoCo v3's convolutional stem; the names are MoCo v3's own")
        }
    }

    private var className: String {
        if isEva { return "timm.models.eva.Eva" }
        if isBEiT { return "timm.models.beit.Beit" }
        return config.distToken
            ? "timm.models.deit.VisionTransformerDistilled" : "timm.models.vision_transformer.VisionTransformer"
    }

    private mutating func writeCommon() {
        // timm multiplies and truncates, so the ratio is put a little above an unclean one.
        let rows = config.mlp == .swiglu && !isEva ? 2 * config.mlpHidden : config.mlpHidden
        let ratio =
            rows % config.embedDim == 0
            ? "\(rows / config.embedDim)" : "\((Double(rows) + 0.25) / Double(config.embedDim))"
        arguments = [
            ("img_size", "(\(config.imgSize.height), \(config.imgSize.width))"), ("patch_size", "\(config.patchSize)"),
            ("embed_dim", "\(config.embedDim)"), ("depth", "\(config.depth)"), ("num_heads", "\(config.numHeads)"),
            ("mlp_ratio", ratio), ("qkv_bias", config.qkvBias ? "True" : "False"),
            (
                "norm_layer",
                "functools.partial(\(config.norm == .rms ? "timm.layers.RmsNorm" : "torch.nn.LayerNorm"), eps=\(config.eps))"
            ),
        ]
        if config.layerScale { arguments.append(("init_values", "1.0")) }
    }

    private mutating func writeVisionTransformer() {
        if config.mlp == .swiglu {
            arguments += [("mlp_layer", "timm.layers.SwiGLUPacked"), ("act_layer", "torch.nn.SiLU")]
        } else if config.mlp != .gelu {
            arguments.append(("act_layer", "'\(config.mlp == .quickGELU ? "quick_gelu" : config.mlp.rawValue)'"))
        }
        writeVariants()
        if !config.classToken { arguments.append(("class_token", "False")) }
        if config.normPre {
            arguments.append(("pre_norm", "True"))
            dropPatchBias()
        }
        if config.numRegisters > 0 {
            if config.posEmbed == .all { moveClassPosition() }
            arguments += [("reg_tokens", "\(config.numRegisters)"), ("no_embed_class", "True")]
        } else if config.posEmbed == .patches {
            arguments.append(("no_embed_class", "True"))
        }
    }

    /// What some networks have beside the plain one's parts.
    private mutating func writeVariants() {
        if config.qkNorm != .none { arguments.append(("qk_norm", "True")) }
        if config.attnNorm { arguments.append(("scale_attn_norm", "True")) }
        if config.mlpNorm { arguments.append(("scale_mlp_norm", "True")) }
        if !config.projBias { arguments.append(("proj_bias", "False")) }
        if config.postNorm { arguments.append(("block_fn", "timm.models.vision_transformer.ResPostBlock")) }
        if config.patchNorm {
            arguments.append(("embed_norm_layer", arguments.first { $0.name == "norm_layer" }?.value ?? "None"))
        }
        if config.qkNorm == .full || config.qkNorm == .fullRMS {
            notes.append("timm norms queries and keys head by head; this network norms all heads at once")
        }
    }

    /// timm's registers go with positions for patches only: the class token's is added to it.
    private mutating func moveClassPosition() {
        guard let table = stateDict["pos_embed"], let token = stateDict["cls_token"] else { return }
        let width = config.embedDim
        let rows = table.tensor().reshaped([table.count / width, width])
        let sum = zip(token.tensor().array, rows.rows(0..<1).array).map { $0 + $1 }
        let patches = rows.rows(1..<rows.shape[0])
        stateDict["cls_token"] = StateDict.Entry(Tensor(shape: [1, 1, width], sum))
        stateDict["pos_embed"] = StateDict.Entry(patches.reshaped([1] + patches.shape))
    }

    /// timm's `pre_norm` has no bias in the patch embedding, and a zero one says the same.
    mutating func dropPatchBias() {
        guard let bias = stateDict["patch_embed.proj.bias"] else { return }
        if bias.tensor().array.contains(where: { $0 != 0 }) {
            notes.append(
                "timm has no bias in the patch embedding before norm_pre; this network has one, and it is lost")
        }
        stateDict["patch_embed.proj.bias"] = nil
    }

    private mutating func writeBEiT() {
        arguments += [
            ("use_abs_pos_emb", config.posEmbed == .all ? "True" : "False"),
            ("use_rel_pos_bias", config.relPos == .perBlock ? "True" : "False"),
            ("use_shared_rel_pos_bias", config.relPos == .shared ? "True" : "False"),
        ]
        let names = stateDict.names
        let old = stateDict
        stateDict = StateDict()
        for name in names {
            guard let entry = old[name] else { continue }
            if name.hasSuffix(".attn.qkv.bias") {
                // A bias on the keys adds the same to every score of a row, which the softmax takes away again.
                let block = name.dropLast("qkv.bias".count), numbers = entry.tensor(), width = config.embedDim
                stateDict[block + "q_bias"] = StateDict.Entry(numbers.rows(0..<width))
                stateDict[block + "v_bias"] = StateDict.Entry(numbers.rows(2 * width..<3 * width))
            } else if name.hasSuffix(".ls1.gamma") || name.hasSuffix(".ls2.gamma") {
                stateDict[name.dropLast("ls1.gamma".count) + (name.hasSuffix(".ls1.gamma") ? "gamma_1" : "gamma_2")] =
                    entry
            } else {
                stateDict[name] = entry
            }
        }
    }

    private mutating func writeHead() {
        if config.globalPool == .tokenAndAvg {
            notes.append("timm cannot pool the class token and the mean patch at once; the classifier is left out")
            stateDict["head.weight"] = nil
            stateDict["head.bias"] = nil
        }
        if config.distToken, config.numClasses > 0 {
            notes.append("timm needs both classifiers of a distilled model; the one there is is left out")
            stateDict["head.weight"] = nil
            stateDict["head.bias"] = nil
        }
        let keepsHead = stateDict["head.weight"] != nil
        arguments.append(("num_classes", keepsHead ? "\(config.numClasses)" : "0"))
        switch config.globalPool {
        case .avg:
            arguments.append(("global_pool", "'avg'"))
            if !isBEiT, !isEva { arguments.append(("fc_norm", config.fcNorm ? "True" : "False")) }
        case .map: writePooling()
        case .token, .tokenAndAvg: arguments.append(("global_pool", "'token'"))
        }
        if !config.finalNorm && !config.fcNorm {
            if isBEiT { writeIdentityNorm() } else if !isEva { arguments.append(("final_norm", "False")) }
        }
    }

    /// timm's plain class pools with the heads and the MLP of its blocks; its Eva says them.
    private mutating func writePooling() {
        guard let pool = config.attnPool else { return }
        arguments.append(("global_pool", "'map'"))
        if isEva {
            arguments += [
                ("attn_pool_num_heads", "\(pool.numHeads)"),
                ("attn_pool_mlp_ratio", "\((Double(pool.mlpHidden) + 0.25) / Double(config.embedDim))"),
            ]
        } else if isBEiT || pool.numHeads != config.numHeads || pool.mlpHidden != config.mlpHidden || config.mlp.isGated
        {
            notes.append("timm's class has no such pooling by attention; only the names are timm's")
        }
    }

    /// timm's Beit always has a norm after the blocks.
    private mutating func writeIdentityNorm() {
        stateDict["norm.weight"] = StateDict.Entry(Tensor(shape: [config.embedDim], repeating: 1))
        stateDict["norm.bias"] = StateDict.Entry(Tensor.zeros([config.embedDim]))
        notes.append("timm's Beit norms after the last block; this network does not, so that norm scales by one")
    }
}
