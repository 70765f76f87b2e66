import Platform
import Tensors

/// Reads what a network is made of off the names and shapes of its tensors; input size and heads come later.
struct StructureReader {
    let draft: Draft
    let hints: ModelHints
    let told: ToldFacts
    let layout: CheckpointLayout
    let choice: ArchitectureChoice
    /// Every name of the dictionary, index buffers included.
    let fileNames: [String]

    /// The configuration as far as tensors tell it, with one patch for the input and one head.
    func structure(report: inout LoadReport) throws(ModelError.Reason) -> VisionTransformerConfig {
        let embedDim = try readEmbedDim()
        let depth = try readDepth()
        let patchSize = try readPatchSize()
        let (mlp, mlpHidden) = try readMLP(embedDim: embedDim, depth: depth)
        var config = VisionTransformerConfig(
            imgSize: ImageSize(height: patchSize, width: patchSize), patchSize: patchSize, embedDim: embedDim,
            depth: depth, numHeads: 1, mlpHidden: mlpHidden)
        config.mlp = mlp
        config.patchEmbed = hasConvStem ? .convStem : .linear
        config.relPos = relPos
        config.distToken = draft.has("dist_token")
        config.numRegisters = try readRegisters()
        config.classToken = hasClassToken(registers: config.numRegisters)
        config.posEmbed = needsPositions ? .all : .none
        config.qkvBias = needsQKVBias(depth: depth)
        config.layerScale = hasLayerScale(depth: depth)
        config.norm = readNorm(depth: depth, &report)
        config.postNorm = choice.architecture?.postNorm ?? (hints.isOwn && hints.fields["post_norm"] != nil)
        config.qkNorm = readQKNorm(embedDim: embedDim)
        config.attnNorm = hasInBlocks("attn.norm.weight", depth)
        config.mlpNorm = hasInBlocks("mlp.norm.weight", depth)
        config.patchNorm = draft.has("patch_embed.norm.weight")
        config.projBias = hasInBlocks("attn.proj.bias", depth) || !hasInBlocks("attn.proj.weight", depth)
        config.mlpBias =
            hasInBlocks("mlp.fc1.bias", depth) || hasInBlocks("mlp.fc2.bias", depth)
            || !hasInBlocks("mlp.fc1.weight", depth)
        config.normPre = draft.has("norm_pre.weight") || draft.has("norm_pre.bias")
        config.fcNorm = draft.has("fc_norm.weight") || draft.has("fc_norm.bias")
        config.finalNorm = needsFinalNorm(fcNorm: config.fcNorm, &report)
        config.eps = try readEps(config, &report)
        guard config.relPos == .none || config.classToken && config.numPrefixTokens == 1 else {
            throw .unsupported("relative positions beside prefix tokens other than the class token are not supported")
        }
        return config
    }

    // MARK: - Sizes

    private func readEmbedDim() throws(ModelError.Reason) -> Int {
        let places = ["norm1.weight", "norm2.weight", "attn.proj.bias", "attn.proj.weight"].map { name in
            draft.names.first { $0.hasPrefix("blocks.") && $0.hasSuffix("." + name) }
        }
        let shapes = (places + ["norm.weight", "cls_token", "pos_embed"]).compactMap { $0.flatMap(draft.shape) }
        guard let width = shapes.lazy.compactMap(\.last).first else { throw .missing(["blocks.0.norm1.weight"]) }
        guard width > 0, width <= ModelLimits.embedDim else {
            throw .tooLarge(what: "embed_dim", value: width, limit: ModelLimits.embedDim)
        }
        return width
    }

    private func readDepth() throws(ModelError.Reason) -> Int {
        let indices = draft.names.compactMap { name -> Int? in
            let words = name.split(separator: ".")
            return words.count > 2 && words[0] == "blocks" ? Int(words[1]) : nil
        }
        guard let last = indices.max() else { throw .missing(["blocks.0.norm1.weight"]) }
        return last + 1
    }

    private var hasConvStem: Bool { draft.names.contains { $0.hasPrefix("patch_embed.proj.0.") } }

    private func readPatchSize() throws(ModelError.Reason) -> Int {
        let found: Int
        if hasConvStem {
            found = 16
        } else if let shape = draft.shape("patch_embed.proj.weight") {
            switch shape.count {
            case 4:
                guard shape[1] == 3 else {
                    throw .unsupported("the network reads \(shape[1]) channels; only RGB is supported")
                }
                guard shape[2] == shape[3] else {
                    throw .unsupported("patches of \(shape[2])×\(shape[3]) pixels are not supported, only square ones")
                }
                found = shape[2]
            case 2:
                let side = Int(inRange: Double(shape[1] / 3).squareRoot())
                guard side > 0, shape[1] == 3 * side * side else {
                    throw .shape(
                        name: draft.fileName("patch_embed.proj.weight"), expected: [shape[0], 3 * 16 * 16], found: shape
                    )
                }
                found = side
            default:
                throw .shape(
                    name: draft.fileName("patch_embed.proj.weight"), expected: [shape.first ?? 0, 3, 16, 16],
                    found: shape)
            }
        } else {
            // The missing tensor is named with all others; any patch size serves until then.
            found = 16
        }
        guard found > 0, found <= 1024 else { throw .tooLarge(what: "patch_size", value: found, limit: 1024) }
        if let asked = hints.patchSize, asked != found {
            throw .contradiction(field: "patch_size", asked: "\(asked)", found: "\(found)")
        }
        return found
    }

    private func readMLP(
        embedDim: Int, depth: Int
    ) throws(ModelError.Reason) -> (VisionTransformerConfig.MLP, hidden: Int) {
        for index in 0..<depth {
            guard let fc2 = draft.shape("blocks.\(index).mlp.fc2.weight"), fc2.count == 2,
                let fc1 = draft.shape("blocks.\(index).mlp.fc1.weight"), fc1.count == 2
            else { continue }
            let hidden = fc2[1]
            guard hidden > 0, hidden <= 16 * ModelLimits.embedDim else {
                throw .tooLarge(what: "the MLP's width", value: hidden, limit: 16 * ModelLimits.embedDim)
            }
            if fc1[0] == hidden { return (.gelu, hidden) }
            if fc1[0] == 2 * hidden { return (.swiglu, hidden) }
            throw .shape(
                name: draft.fileName("blocks.\(index).mlp.fc2.weight"), expected: [embedDim, fc1[0]], found: fc2)
        }
        return (.gelu, 4 * embedDim)
    }

    private func readRegisters() throws(ModelError.Reason) -> Int {
        guard let shape = draft.shape("reg_token") else { return 0 }
        guard shape.count == 3, shape[1] > 0 else {
            throw .shape(name: draft.fileName("reg_token"), expected: [1, 4, shape.last ?? 0], found: shape)
        }
        guard shape[1] <= ModelLimits.registers else {
            throw .tooLarge(what: "the number of registers", value: shape[1], limit: ModelLimits.registers)
        }
        return shape[1]
    }

    // MARK: - Parts

    private var parts: LayoutParts { layout.parts(hints) }

    private func hasInBlocks(_ name: String, _ depth: Int) -> Bool {
        (0..<depth).contains { draft.has("blocks.\($0).\(name)") }
    }

    /// Norms of which none has a bias are by the root mean square.
    private func readNorm(depth: Int, _ report: inout LoadReport) -> VisionTransformerConfig.Norm {
        if told.configuredNorm == "rmsnorm" { return .rms }
        if let architecture = choice.named, told.configuredNorm == nil { return architecture.norm }
        let isBare = ["norm1", "norm2"].allSatisfy {
            hasInBlocks("\($0).weight", depth) && !hasInBlocks("\($0).bias", depth)
        }
        guard isBare else { return .layer }
        report.notes.append("the norms have no bias, so they are by the root mean square")
        return .rms
    }

    /// Norms on queries and keys, as wide as a head or as all heads.
    private func readQKNorm(embedDim: Int) -> VisionTransformerConfig.QKNorm {
        let norms = draft.names.filter { $0.contains(".attn.q_norm.") || $0.contains(".attn.k_norm.") }
        guard let width = norms.first.flatMap(draft.shape)?.last else { return .none }
        let isLayer = norms.contains { $0.hasSuffix(".bias") }
        if width == embedDim { return isLayer ? .full : .fullRMS }
        return isLayer ? .perHead : .perHeadRMS
    }

    private var relPos: VisionTransformerConfig.RelPos {
        let tables = fileNames.filter { $0.contains("relative_position_") }
        if tables.contains(where: { $0.contains("blocks.") || $0.contains("layer.") || $0.contains("layers.") }) {
            return .perBlock
        }
        if !tables.isEmpty { return .shared }
        if let known = parts.relPos { return known }
        if hints.config["use_relative_position_bias"]?.bool == true { return .perBlock }
        return hints.config["use_shared_relative_position_bias"]?.bool == true ? .shared : .none
    }

    /// I-JEPA and timm's `gap` variants have no class token: their positions are those of patches, or of registers and
    /// patches. Positions that leave a row over say that a class token is missing.
    private func hasClassToken(registers: Int) -> Bool {
        if hints.isOwn, told.rope != nil { return draft.has("cls_token") }
        if let known = parts.classToken { return known }
        guard !draft.has("cls_token"), !draft.has("dist_token"), relPos == .none,
            let rows = draft.shape("pos_embed")?.dropFirst().first
        else { return true }
        let known = ([hints.imgSize].compactMap { $0 } + told.imageSizes).map { $0.grid(readablePatchSize).count }
        return [rows, rows - registers].allSatisfy { count in
            let side = Int(inRange: Double(max(count, 0)).squareRoot())
            return side * side != count && !known.contains(count)
        }
    }

    private var readablePatchSize: Int { (try? readPatchSize()) ?? 16 }

    /// Where there is nothing relative, a table of positions belongs to every network of these.
    private var needsPositions: Bool {
        if draft.has("pos_embed") { return true }
        if hints.isOwn, told.rope != nil { return false }
        return parts.posEmbed ?? (relPos == .none)
    }

    private func needsQKVBias(depth: Int) -> Bool {
        if (0..<depth).contains(where: { draft.has("blocks.\($0).attn.qkv.bias") }) { return true }
        if let said = hints.config["qkv_bias"]?.bool { return said }
        return parts.qkvBias ?? false
    }

    private func hasLayerScale(depth: Int) -> Bool {
        if let known = parts.layerScale { return known }
        return (0..<depth).contains { draft.has("blocks.\($0).ls1.gamma") || draft.has("blocks.\($0).ls2.gamma") }
    }

    /// Networks that pool patches norm the mean instead; InternViT and RADIO have no norm.
    private func needsFinalNorm(fcNorm: Bool, _ report: inout LoadReport) -> Bool {
        if draft.has("norm.weight") || draft.has("norm.bias") { return true }
        if let known = parts.finalNorm { return known }
        if fcNorm { return false }
        if let architecture = choice.architecture {
            return hints.config["model_args.final_norm"]?.bool ?? architecture.hasFinalNorm
        }
        // Whoever classifies norms first, so there a norm is missing.
        guard !draft.has("head.weight") else { return true }
        report.assume("norm", "no norm after the last block is assumed, as the file has none")
        return false
    }

    /// The eps of all layer norms: configuration, architecture, file, then what the layout usually has.
    private func readEps(_ config: VisionTransformerConfig, _ report: inout LoadReport) throws(ModelError.Reason)
        -> Float
    {
        if let norm = told.configuredNorm, !["layernorm", "rmsnorm"].contains(norm) {
            throw .unsupported(
                "the norm is \(norm.clipped) by model_args.norm_layer of config.json; only layernorm and rmsnorm are supported"
            )
        }
        let eps: Float
        if let said = told.configuredEps {
            eps = Float(said)
        } else if hints.config["model_args.norm_layer"] != nil {
            // timm's own class of that name.
            eps = 1e-6
        } else if choice.origin != .file, let architecture = choice.architecture {
            eps = architecture.eps
        } else if let said = told.fileEps {
            eps = Float(said)
        } else if let architecture = choice.architecture {
            eps = architecture.eps
        } else {
            // Of timm's names it is BEiT-3 alone that norms inside both branches and does not turn queries and keys.
            let isBEiT3 = config.attnNorm && config.mlpNorm && !config.mlp.isGated
            eps = config.normPre || isBEiT3 ? 1e-5 : layout.eps
            let who =
                config.normPre
                ? "networks with a norm before the blocks have"
                : isBEiT3 ? "BEiT-3 has" : "files of \(layout.name) usually have"
            report.assume("eps", "eps \(eps) of the layer norms is assumed, as \(who); the file does not tell it")
        }
        guard eps.isFinite, eps >= 0, eps < 1 else {
            throw .unsupported("the eps of the layer norms is \(eps) by the file's own words")
        }
        return eps
    }
}

extension ImageSize {
    /// The patches that fit.
    func grid(_ patchSize: Int) -> GridSize {
        GridSize(rows: max(height, 0) / max(patchSize, 1), cols: max(width, 0) / max(patchSize, 1))
    }
}
