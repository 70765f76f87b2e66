import Models
import Platform
import Tensors

/// MAE's decoder: kept tokens and mask tokens in their places, through blocks of its own, to pixels.
struct MAEDecoder: Sendable {
    private let embed: Linear
    private let maskToken: Parameter
    /// (1, 1 + patches, decoderDim), fixed.
    let posEmbed: Parameter
    private let blocks: [Block]
    private let norm: LayerNorm
    private let pred: Linear
    let parameters: [Parameter]
    private let prefix: Int
    private let patches: Int

    init(_ vit: VisionTransformerConfig, _ config: MAEConfig, in layout: inout ParameterLayout) {
        precondition(vit.numPrefixTokens == 1, "MAE has a class token and nothing else before the patches")
        let width = config.decoderDim, before = layout.parameters.count
        prefix = vit.numPrefixTokens
        patches = vit.grid.count
        embed = Linear("decoder_embed", inFeatures: vit.embedDim, outFeatures: width, in: &layout)
        maskToken = layout.add("mask_token", [1, 1, width])
        posEmbed = layout.add("decoder_pos_embed", [1, prefix + patches, width])
        var inner = VisionTransformerConfig(
            imgSize: vit.imgSize, patchSize: vit.patchSize, embedDim: width, depth: config.decoderDepth,
            numHeads: config.decoderHeads, mlpHidden: config.decoderMLPHidden ?? 4 * width)
        inner.eps = vit.eps
        blocks = (0..<config.decoderDepth).map { Block("decoder_blocks.\($0)", config: inner, in: &layout) }
        norm = LayerNorm("decoder_norm", width: width, eps: vit.eps, in: &layout)
        pred = Linear(
            "decoder_pred", inFeatures: width, outFeatures: vit.inChans * vit.patchSize * vit.patchSize, in: &layout)
        parameters = Array(layout.parameters[before...])
    }

    func initialize(_ initializer: inout Initializer, grid: GridSize) {
        for parameter in parameters {
            if parameter == posEmbed {
                let width = posEmbed.shape[2]
                initializer.weights.set(
                    posEmbed,
                    to: .concatenating([.zeros([prefix, width]), SinCosTable.mae.table(grid, width: width)]))
            } else if parameter == maskToken {
                initializer.normal(parameter, std: 0.02)
            } else if parameter.shape.count == 2 {
                initializer.xavier(parameter)
            } else {
                initializer.fill(
                    parameter, parameter.name.contains("norm") && parameter.name.hasSuffix("weight") ? 1 : 0)
            }
        }
    }

    /// Operations of one image forward and back; every patch passes.
    var stepFLOPs: Double {
        let matrices = parameters.filter { $0.shape.count == 2 }.reduce(0) { $0 + Double($1.count) }
        let tokens = Double(prefix + patches), attention = 4 * tokens * tokens * Double(maskToken.count)
        return 3 * (2 * tokens * matrices + Double(blocks.count) * attention)
    }

    /// What the way back needs.
    struct Activations {
        fileprivate let encoded: Tensor
        fileprivate let blocks: [BlockActivations]
        fileprivate let norm: LayerNormForward
        fileprivate let tokens: Tensor
        /// (batch, patches, patchSize²·channels), ordered (row, column, channel).
        let prediction: Tensor

        /// The tokens before the first block and after each, (batch, prefix + patches, decoderDim).
        var streams: [Tensor] { (blocks.first.map { [$0.input] } ?? []) + blocks.map(\.output) }
    }

    /// encoded (batch, prefix + kept, embedDim) → the pixels of every patch.
    func forward(_ encoded: Tensor, kept: [[Int]], _ pass: TrainingPass) -> Activations {
        let batch = encoded.shape[0], width = maskToken.count, tokens = prefix + patches
        let embedded = embed.forward(encoded, pass).reshaped([batch * encoded.shape[1], width])
        let rows = Tensor.concatenating([embedded, pass.weights.tensor(maskToken).reshaped([1, width])])
        var x = rows.gatheringRows(sources(kept)).reshaped([batch, tokens, width])
        let positions = pass.weights.tensor(posEmbed)
        for image in 0..<batch { x.addRows(positions, atRow: image * tokens) }
        var activations: [BlockActivations] = []
        for (index, block) in blocks.enumerated() {
            activations.append(block.forward(x, index: index, bias: nil, pass))
            x = activations[index].output
        }
        let normed = norm.forward(x, pass)
        let seen = normed.output.tokens(from: prefix)
        return Activations(
            encoded: encoded, blocks: activations, norm: normed, tokens: seen, prediction: pred.forward(seen, pass))
    }

    /// The gradient at the encoder's output.
    func backward(
        _ a: Activations, dPrediction: Tensor, kept: [[Int]], _ pass: TrainingPass, gradients: inout ParameterBuffer
    ) -> Tensor {
        let batch = a.encoded.shape[0], width = maskToken.count
        var dNormed = Tensor.zeros([batch, prefix + patches, width])
        dNormed.addTokens(pred.backward(a.tokens, dOutput: dPrediction, pass, gradients: &gradients), from: prefix)
        var d =
            blocks.isEmpty
            ? dNormed
            : norm.backward(a.blocks[blocks.count - 1].output, a.norm, dOutput: dNormed, pass, gradients: &gradients)
        var noBias: Tensor?
        for (index, block) in blocks.enumerated().reversed() {
            block.backward(a.blocks[index], dStream: &d, dBias: &noBias, pass, gradients: &gradients)
        }
        let count = batch * a.encoded.shape[1]
        var dRows = Tensor.zeros([count + 1, width])
        dRows.scatterAddRows(d.reshaped([batch * (prefix + patches), width]), sources(kept))
        gradients.add(dRows.rows(count..<count + 1), to: maskToken)
        return embed.backward(
            a.encoded, dOutput: dRows.rows(0..<count).reshaped([batch, a.encoded.shape[1], width]), pass,
            gradients: &gradients)
    }

    /// For each decoder token of each image its row among the embedded tokens; the mask token stands after them all.
    private func sources(_ kept: [[Int]]) -> [Int] {
        let encoded = prefix + (kept.first?.count ?? 0), maskRow = kept.count * encoded
        return kept.enumerated().flatMap { image, patchesKept in
            var rows = [Int](repeating: maskRow, count: prefix + patches)
            for token in 0..<prefix { rows[token] = image * encoded + token }
            for (place, patch) in patchesKept.enumerated() { rows[prefix + patch] = image * encoded + prefix + place }
            return rows
        }
    }
}
