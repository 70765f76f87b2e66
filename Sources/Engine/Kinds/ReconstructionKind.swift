import Catalogue
import JSON
import Models
import Training

extension AnalysisKind {
    public static let reconstruction: AnalysisKind = {
        let ratio = DeclaredParameter<Double?>.number(
            "mask_ratio", in: 0...0.99,
            "Share of the patches that is masked; without it 0.75 for MAE's decoder and 0.6 for SimMIM's.")
        let cell = DeclaredParameter<Int?>.integer(
            "mask_patch_size", in: 1...4096,
            "Side of what is masked at a time, pixels, whole patches; without it a patch for MAE's decoder, and for "
                + "SimMIM's two patches where they fill the grid.")
        let seed = DeclaredParameter.seed
        let mask = DeclaredParameter<IndexSelection?>.patches(
            "mask", "Instead of a mask drawn at random: the masked patches, by their indices row by row from 0.")
        let normPix = DeclaredParameter<Bool?>.optionalFlag(
            "norm_pix",
            "Whether the decoder predicts each patch's pixels less their mean and over their spread, which is undone by "
                + "those of the image's own patch; without it what the checkpoint says, and false where it says nothing."
        )
        let visible = DeclaredParameter.choice(
            "visible", default: ReconstructionTask.Visible.original,
            "What visible patches of the reconstruction show: the image's own pixels, or what is predicted there.")
        let heads = DeclaredParameter<Int?>.integer(
            "decoder_heads", in: 1...1024, echo: false,
            "Heads of the attention of MAE's decoder, where the checkpoint does not say.")
        let spec = AnalysisSpec(
            "reconstruction", group: .interventions, title: "Reconstruction",
            summary: "What a masked model makes of the patches it does not see",
            reading:
                "The masked image, what is reconstructed, and the image: the error says how well, and the curve of blur "
                + "which frequencies are lost, in logarithms of their amplitude below the image's own.",
            cost: "About three passes of each image, one image at a time.",
            parameters: [ratio, cell, seed, mask, normPix, visible, heads], givesMaps: true)
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            guard let decoder = model.model.decoder else {
                values.add(
                    "model",
                    "“\(model.name)” has no decoder: its checkpoint holds neither decoder_embed.weight (MAE) nor "
                        + "decoder.0.weight with a mask_token (SimMIM). Load one of pre-training, such as "
                        + "mae_visualize_vit_base.pth, or a checkpoint of a job with the method mae, simmim or hybrid.")
                return nil
            }
            let isMAE = decoder.form == .mae
            if isMAE, config.relPos != .none || config.numPrefixTokens != 1 {
                values.add("model", "“\(model.name)” is no encoder of MAE, so its decoder has nothing to read.")
                return nil
            }
            if let reason = TrainableViT.lacksGradients(config) {
                values.add("model", "“\(model.name)” cannot be read for masked images: \(reason).")
                return nil
            }
            if !isMAE {
                if values.isGiven(heads) { values.add(heads, "SimMIM's decoder has no attention; leave this out.") }
                if values.isGiven(normPix), values[normPix] == true {
                    values.add(normPix, "SimMIM predicts pixels as they are; write false, or leave this out.")
                }
                values.omit(heads)
            }
            let isNormed = isMAE && (values[normPix] ?? decoder.normPix ?? false)
            values.resolve(normPix, to: .bool(isNormed), canonical: "\(isNormed)")
            guard
                let masking = PatchMasking(
                    &values, config, isMAE: isMAE, ratio: ratio, cell: cell, seed: seed, mask: mask)
            else { return nil }
            return ReconstructionTask(
                model: model, masking: masking, heads: values[heads], isNormed: isNormed, visible: values[visible],
                images: subjects.images)
        }
    }()
}

extension PatchMasking {
    /// Nil, with faults noted, where the parameters do not fit the model.
    fileprivate init?(
        _ values: inout ParameterValues, _ config: VisionTransformerConfig, isMAE: Bool,
        ratio: DeclaredParameter<Double?>, cell: DeclaredParameter<Int?>, seed: DeclaredParameter<Int>,
        mask: DeclaredParameter<IndexSelection?>
    ) {
        let patches = config.grid.count, size = config.patchSize
        if let selection = values[mask] {
            for parameter in [ratio, cell, seed] as [any AnyDeclaredParameter] {
                let name = parameter.declaration.name
                if values.isGiven(parameter) { values.add(parameter, "mask says which patches; leave \(name) out.") }
                values.omit(parameter)
            }
            guard let indices = values.indices(selection, of: mask, count: patches, noun: "patch") else { return nil }
            let ascending = indices.sorted()
            values.resolve(mask, to: .ints(ascending), canonical: "\(ascending)")
            var isMasked = [Bool](repeating: false, count: patches)
            for index in indices { isMasked[index] = true }
            if isMAE, !isMasked.contains(false) {
                values.add(mask, "MAE's encoder needs a patch to see; leave one of the \(patches) out of the mask.")
                return nil
            }
            self = .drawn(isMasked)
            return
        }
        let share = values[ratio] ?? (isMAE ? 0.75 : 0.6)
        values.resolve(ratio, to: .double(share), canonical: "\(share)")
        let fitsTwo = config.grid.rows % 2 == 0 && config.grid.cols % 2 == 0
        let side = values[cell] ?? (isMAE || !fitsTwo ? size : 2 * size)
        values.resolve(cell, to: .int(side), canonical: "\(side)")
        guard side % size == 0, config.grid.rows * size % side == 0, config.grid.cols * size % side == 0 else {
            values.add(
                cell,
                "Cells of \(side) pixels do not fill \(config.grid.rows) × \(config.grid.cols) patches of \(size) pixels; "
                    + "write \(size), or a multiple that divides both sides.")
            return nil
        }
        if isMAE, side == size {
            self = .scattered(patches: patches, ratio: share, seed: values.seed)
            return
        }
        let generator = MaskGenerator(
            height: config.grid.rows * size, width: config.grid.cols * size, patchSize: size, maskPatchSize: side,
            maskRatio: share)
        if isMAE, generator.count == generator.rows * generator.columns {
            values.add(ratio, "No cell would be left for MAE's encoder to see; write a smaller mask_ratio or cell.")
            return nil
        }
        self = .cells(generator, seed: values.seed)
    }
}

extension DeclaredParameter<IndexSelection?> {
    /// Patches; without them nil.
    fileprivate static func patches(_ name: String, _ detail: String) -> Self {
        Self(
            ParameterDeclaration(name, form: .indices(words: []), detail: detail), default: nil, echo: name,
            parse: { text in IndexSelection(text).map { .some($0) } },
            told: { _ in ParameterReading(canonical: "", echo: .null) })
    }
}
