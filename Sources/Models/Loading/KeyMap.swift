public import Tensors

/// A checkpoint's network under canonical names, ready to be built.
public struct RecognisedModel: Sendable {
    public var config: VisionTransformerConfig
    /// Every tensor of the network by timm's name, resampled to `config.imgSize`; views of the file where nothing had
    /// to be computed.
    public var stateDict: StateDict
    public var report: LoadReport
    /// timm's name where the sizes are a standard one, such as `vit_base_patch16_224`.
    public var arch: String?
}

extension RecognisedModel {
    /// A network that was recognised before, whose report lies elsewhere.
    ///
    /// - Parameter stateDict: under timm's names.
    public init(config: VisionTransformerConfig, stateDict: StateDict) {
        self.init(config: config, stateDict: stateDict, report: LoadReport(), arch: nil)
    }
}

/// Turns the names of everybody's checkpoints into the canonical ones.
public enum KeyMap {
    /// Finds the network in `candidates`, every dictionary of tensors of a file with the path to it.
    ///
    /// - Parameter layouts: those that the file may have.
    /// - Throws: `ModelError` where no network is found, a tensor of it is missing or has another shape, or a hint
    ///   contradicts the file. Its report says how far recognition came.
    public static func recognise(
        _ candidates: [(path: [String], dict: StateDict)], hints: ModelHints = ModelHints(),
        layouts: CheckpointLayouts = .standard
    ) throws(ModelError) -> RecognisedModel {
        var report = LoadReport()
        do {
            let (config, stateDict) = try recognise(candidates, hints, layouts, &report)
            report.verdict = report.unexpected.isEmpty ? .complete : .partial
            return RecognisedModel(
                config: config, stateDict: stateDict, report: report,
                arch: TimmModel.arch(config))
        } catch {
            report.verdict = .refused
            report.reason = error.description
            if case .missing(let names) = error { report.missing = names }
            throw ModelError(reason: error, report: report)
        }
    }

    private static func recognise(
        _ candidates: [(path: [String], dict: StateDict)], _ hints: ModelHints, _ layouts: CheckpointLayouts,
        _ report: inout LoadReport
    ) throws(ModelError.Reason) -> (VisionTransformerConfig, StateDict) {
        for side in [hints.imgSize?.height ?? 1, hints.imgSize?.width ?? 1] where side > ModelLimits.side {
            throw .tooLarge(what: "img_size", value: side, limit: ModelLimits.side)
        }
        let hints = layouts.completing(hints)
        let told = ToldFacts(hints, layouts.told)
        let choice = try ArchitectureChoice(hints, told, layouts, report: &report)
        let files = candidates.map { FileTensors(path: $0.path, dict: $0.dict) }
        let backbone = try choose(files, hints, layouts, &report)
        report.checkpointKey = backbone.dictionaryKey
        let prefix = backbone.filePrefix
        report.prefixRemoved = prefix.isEmpty ? nil : prefix
        if let collision = backbone.tensors.collision { throw collision }
        var draft = try Draft(backbone, report: &report)
        try draft.splitJoined()
        // Without any way from pixels to tokens it is somebody else's transformer.
        guard draft.names.contains(where: { !$0.hasPrefix("blocks.") && !$0.hasPrefix("norm.") }) else {
            throw .unrecognised(names: backbone.tensors.fileNames)
        }
        let positions = try draft.entry("pos_embed").flatMap(SinCosTable.recognise)
        let evidence = LayoutEvidence(backbone, draft: draft, hints: hints, told: told, positions: positions?.table)
        guard let layout = layouts.identify(evidence, scheme: backbone.scheme.name) else {
            throw .unrecognised(names: backbone.tensors.fileNames)
        }
        report.recognisedAs = layout
        note(positions, layout, &report)
        ignoreOthers(candidates, than: backbone, &report)
        try dropUnneeded(of: layout, from: &draft, &report)
        guard draft.strays.isEmpty else { throw .unused(draft.strays) }

        let structureReader = StructureReader(
            draft: draft, hints: hints, told: told, layout: layout, choice: choice, fileNames: backbone.dict.names)
        var config = try structureReader.structure(report: &report)
        config.attnPool = try PoolingReader(config: config).read(&draft, report: &report)
        readHead(&draft, &config, layout, hints, &report)
        fillPatchBias(&draft, config, layout, hints, &report)
        config.rope = try RotaryReader(hints: hints, told: told, layout: layout, choice: choice)
            .read(config, draft, report: &report)
        let missing = VisionTransformer.parameters(of: config).flatMap { draft.missingParts(of: $0.name) }
        guard missing.isEmpty else { throw .missing(missing) }

        config.numHeads = try HeadCount(
            config: config, layout: layout, hints: hints, told: told, choice: choice, tableHeads: draft.tableHeads
        ).read(report: &report)
        if var pool = config.attnPool {
            pool.numHeads = try PoolingReader.heads(config, hints)
            config.attnPool = pool
        }
        if let rope = config.rope { try RotaryReader.check(rope, config) }
        let original = draft
        try refuseUnused(draft, config)
        var positionReader = PositionReader(
            config: config, hints: hints, told: told, layout: layout, choice: choice)
        config = try positionReader.apply(to: &draft, report: &report)
        try readUntold(&config, backbone, hints, told, choice, layout, &report)
        let stateDict = try assemble(draft, config, &report)
        report.notFinite = original.notFinite
        return (config, stateDict)
    }

    /// What changes the numbers and stands neither in names nor in shapes: told, asked for, or assumed and said.
    private static func readUntold(
        _ config: inout VisionTransformerConfig, _ backbone: Backbone, _ hints: ModelHints, _ told: ToldFacts,
        _ choice: ArchitectureChoice, _ layout: CheckpointLayout, _ report: inout LoadReport
    ) throws(ModelError.Reason) {
        let names = OpenNames(config: config, report: report, backbone: backbone)
        if choice.isOpen && !hints.isOwn && hints.rope == nil { try names.check() }
        config.mlp = try ActivationReader(hints: hints, told: told, choice: choice, names: names, layout: layout)
            .read(report: &report)
        guard choice.isOpen, !hints.isOwn, backbone.scheme.isShared else { return }
        let positions = config.rope == nil ? ", and no positions but the table's, are" : " are"
        report.assume(
            "arch",
            "norms before attention and MLP\(positions) assumed: names and shapes do not tell them; pass arch if that "
                + "is wrong")
    }

    /// Takes away what networks of this layout carry along. DINOv3 keeps numbers in the keys' biases that a mask takes
    /// away; the mask itself may hold anything.
    private static func dropUnneeded(
        of layout: CheckpointLayout, from draft: inout Draft, _ report: inout LoadReport
    ) throws(ModelError.Reason) {
        let mask = ".attn.qkv.bias_mask"
        for name in draft.names {
            guard let why = layout.unneeded.first(where: { name.hasSuffix($0.key) })?.value else { continue }
            if name.hasSuffix(mask) { try draft.zeroKeyBias(name.dropLast("_mask".count)) }
            drop(name, from: &draft, because: why, &report)
        }
    }

    /// Refuses a network with a tensor that nothing is computed with.
    private static func refuseUnused(_ draft: Draft, _ config: VisionTransformerConfig) throws(ModelError.Reason) {
        let known = Set(VisionTransformer.parameters(of: config).map(\.name))
        let unused = draft.names.filter { !known.contains($0) }
        if !unused.isEmpty { throw .unused(unused.map(draft.fileName)) }
    }

    // MARK: - Choosing

    private static func choose(
        _ candidates: [FileTensors], _ hints: ModelHints, _ layouts: CheckpointLayouts, _ report: inout LoadReport
    ) throws(ModelError.Reason) -> Backbone {
        let backbones = Backbone.all(in: candidates, layouts.schemes)
        if let reason = UnfinishedTensors.partition(candidates, hints) { throw reason }
        guard let best = backbones.first else {
            throw .unrecognised(names: candidates.max { $0.dict.names.count < $1.dict.names.count }?.fileNames ?? [])
        }
        var taken = best
        if let key = hints.checkpointKey {
            guard let asked = Backbone.asked(key, among: backbones) else {
                throw .unknownCheckpointKey(key, known: backbones.map(\.title))
            }
            taken = asked
        }
        // An optimizer's averages have the names of a network and are none.
        report.others = backbones.filter { $0.key != taken.key && NetworkRole($0.words) != .optimizer }.map(\.key)
        if hints.checkpointKey == nil, !report.others.isEmpty {
            report.assume(
                "checkpoint_key",
                "of \(report.others.count + 1) networks in the file \(taken.key) is taken; pass "
                    + "checkpoint_key for \(report.others.prefix(4).joined(separator: ", "))")
        }
        return taken
    }

    /// Dictionaries beside the one taken: one line for each key of the outermost.
    private static func ignoreOthers(
        _ candidates: [(path: [String], dict: StateDict)], than backbone: Backbone, _ report: inout LoadReport
    ) {
        var counts: [(key: String, tensors: Int)] = []
        for (path, dict) in candidates where path != backbone.path {
            let key = path.first ?? "the outermost dictionary"
            if let index = counts.firstIndex(where: { $0.key == key }) {
                counts[index].tensors += dict.names.count
            } else {
                counts.append((key, dict.names.count))
            }
        }
        for (key, tensors) in counts {
            let what = key == "optimizer" ? "the optimizer's state" : "another dictionary of the file"
            report.ignored.append(.init(name: key, why: "\(what), \(tensors) tensor\(tensors == 1 ? "" : "s")"))
        }
    }

    private static func note(
        _ positions: (table: SinCosTable, difference: Double)?, _ layout: CheckpointLayout, _ report: inout LoadReport
    ) {
        if let positions {
            report.notes.append(
                "pos_embed is \(positions.table.title)'s fixed sin-cos table (largest difference \(Float(positions.difference)))"
            )
        } else if let table = layout.sinCosTable {
            report.notes.append("pos_embed is not \(table.title)'s fixed sin-cos table; it is used as stored")
        }
    }

    // MARK: - Parts that may be left out

    /// Takes the classifier where it is one, otherwise ignores it.
    private static func readHead(
        _ draft: inout Draft, _ config: inout VisionTransformerConfig, _ layout: CheckpointLayout, _ hints: ModelHints,
        _ report: inout LoadReport
    ) {
        let width = config.embedDim
        let saysAverage = hints.config["global_pool"]?.string == "avg"
        config.globalPool = config.fcNorm || !config.classToken || saysAverage ? .avg : .token
        if config.attnPool != nil { config.globalPool = .map }
        if let weight = draft.shape("head.weight"), weight.count == 2, weight[0] > 0, !draft.has("head.bias"),
            layout.parts(hints).headBias == false
        {
            draft.set("head.bias", to: StateDict.Entry(Tensor.zeros([weight[0]])))
            report.notes.append("the head is a projection without a bias; its answers are the image's embedding")
        }
        guard let weight = draft.shape("head.weight") else {
            drop("head.bias", from: &draft, because: "a classifier's bias without its weight", &report)
            return
        }
        var why: String?
        if weight.count != 2 || weight[0] == 0
            || (weight[1] != width && (weight[1] != 2 * width || config.attnPool != nil))
        {
            why = "a classifier of another input than the \(width) numbers of a token"
        } else if draft.shape("head.bias") != [weight[0]] {
            why = "a classifier without a bias of its size"
        } else if report.ignored.contains(where: { $0.name.contains("attn_pool.") }) {
            why = "the classifier of a pooling that is not supported"
        }
        if let why {
            drop("head.weight", from: &draft, because: why, &report)
            drop("head.bias", from: &draft, because: why, &report)
        } else {
            config.numClasses = weight[0]
            if weight[1] == 2 * width { config.globalPool = .tokenAndAvg }
        }
    }

    /// Takes `canonical` out of the network, with a line of the report.
    static func drop(
        _ canonical: String, from draft: inout Draft, because why: String, _ report: inout LoadReport
    ) {
        for source in draft.remove(canonical) {
            report.matched.removeAll { $0.name == source.name }
            report.ignored.append(.init(name: source.name, why: why))
        }
    }

    /// timm leaves the bias of the patch embedding out before a `norm_pre`.
    private static func fillPatchBias(
        _ draft: inout Draft, _ config: VisionTransformerConfig, _ layout: CheckpointLayout, _ hints: ModelHints,
        _ report: inout LoadReport
    ) {
        guard config.normPre || layout.parts(hints).patchBias == false, config.patchEmbed == .linear,
            !draft.has("patch_embed.proj.bias")
        else { return }
        draft.set("patch_embed.proj.bias", to: StateDict.Entry(Tensor.zeros([config.embedDim])))
        report.notes.append("the patch embedding has no bias; zeros stand in for it")
    }

    // MARK: - Assembly

    /// Every tensor that `config` asks for, in its order and shape.
    private static func assemble(
        _ draft: Draft, _ config: VisionTransformerConfig, _ report: inout LoadReport
    ) throws(ModelError.Reason) -> StateDict {
        var stateDict = StateDict()
        for parameter in VisionTransformer.parameters(of: config) {
            guard let entry = try draft.entry(parameter.name) else { throw .missing([parameter.name]) }
            let expected = shape(of: parameter, config)
            if entry.shape == expected {
                stateDict[parameter.name] = entry
                continue
            }
            // Extents of one carry nothing, and old patch embeddings are flat; all else is another network's.
            let isFlatPatch = parameter.name == "patch_embed.proj.weight" && entry.shape == parameter.shape
            guard entry.shape.filter({ $0 != 1 }) == expected.filter({ $0 != 1 }) || isFlatPatch else {
                throw .shape(name: draft.fileName(parameter.name), expected: expected, found: entry.shape)
            }
            report.reshaped.append(
                .init(name: parameter.name, from: entry.shape, to: expected, how: "the same numbers"))
            stateDict[parameter.name] = entry.reshaped(expected)
        }
        return stateDict
    }

    /// The shape that checkpoints give `parameter`: convolutions keep their four dimensions.
    private static func shape(of parameter: Parameter, _ config: VisionTransformerConfig) -> [Int] {
        guard parameter.name.hasPrefix("patch_embed.proj."), parameter.shape.count == 2 else { return parameter.shape }
        let (rows, columns) = (parameter.shape[0], parameter.shape[1])
        let side = config.patchEmbed == .linear ? config.patchSize : parameter.name.contains(".12.") ? 1 : 3
        return [rows, columns / (side * side), side, side]
    }
}
