import Catalogue
import Models
import Platform
import Tensors
import Training

/// MAE's encoder and decoder, read from the checkpoint of a loaded model: the facebookresearch names, with any prefix,
/// and the three of Hugging Face (docs/science.md#layout-hf_vit_mae).
struct DecoderWeights: Sendable {
    let objective: MAE
    let weights: ParameterBuffer

    private static let embed = PixelDecoder.Form.mae.sign

    /// - Parameter heads: of the decoder's attention; nil for those that the checkpoint names, or 16.
    /// - Throws: `conflict` where the checkpoint has no decoder that fits, or has changed since it was loaded.
    init(_ named: NamedModel, _ loaded: LoadedNetwork, heads: Int?) throws(ServiceError) {
        let read = try loaded.unchanged(named, for: "The decoder needs")
        let config = named.model.config
        var found: (dict: StateDict, prefix: String)?
        if let dict = read.decoder, let (form, prefix) = PixelDecoder.find(in: dict.names), form == .mae {
            found = (dict, prefix)
        }
        guard let found, let embed = found.dict[found.prefix + Self.embed] else {
            throw .conflict(
                "“\(named.name)” has no decoder: its checkpoint holds no decoder_embed.weight. "
                    + "Load one from MAE's pre-training, such as mae_visualize_vit_base.pth.")
        }
        let names = DecoderNames(dict: found.dict, prefix: found.prefix)
        guard embed.shape.count == 2, embed.shape[1] == config.embedDim, names.depth > 0,
            let hidden = names.entries("decoder_blocks.0.mlp.fc1.weight").first?.shape.first
        else {
            throw .conflict("The decoder in the checkpoint of “\(named.name)” does not fit its encoder.")
        }
        let width = embed.shape[0], count = heads ?? named.model.decoder?.heads ?? 16
        guard count > 0, width % count == 0 else {
            throw .conflict(
                "The decoder is \(width) wide, which \(count) heads do not divide. Say decoder_heads.")
        }
        var mae = MAEConfig(decoderDepth: names.depth, decoderDim: width, decoderHeads: count)
        mae.decoderMLPHidden = hidden
        objective = MAE(vit: ViTRecipe(config), config: mae)
        var weights: ParameterBuffer
        do { weights = try objective.encoder.weights(of: read.tensors, in: objective.layout) } catch {
            throw .unreadable(ServiceError.sentence("\(error)"))
        }
        for parameter in objective.decoderParameters {
            let parts = names.entries(parameter.name)
            guard !parts.isEmpty, parts.reduce(0, { $0 + $1.count }) == parameter.count else {
                let shapes = parts.map { "\($0.shape)" }.joined(separator: ", ")
                throw .conflict(
                    parts.isEmpty
                        ? "The checkpoint's decoder has no \(parameter.name)."
                        : "\(parameter.name) has the shape \(shapes) in the checkpoint, where \(parameter.shape) is "
                            + "expected. A decoder works at the size of images it was trained with.")
            }
            let numbers = parts.flatMap { $0.tensor().array }
            weights.set(parameter, to: Tensor(shape: parameter.shape, numbers))
        }
        self.weights = weights
    }
}

/// Where the tensors of a decoder stand in a checkpoint.
private struct DecoderNames {
    let dict: StateDict
    let prefix: String
    /// How names of blocks begin, before their number.
    private let blocks: String

    init(dict: StateDict, prefix: String) {
        self.dict = dict
        self.prefix = prefix
        let forms = ["decoder_blocks.", "decoder_layers.", "decoder_encoder.layer."]
        blocks = prefix + (forms.first { form in dict.names.contains { $0.hasPrefix(prefix + form) } } ?? forms[0])
    }

    var depth: Int {
        let numbers = dict.names.compactMap { name in
            name.hasPrefix(blocks) ? Int(name.dropFirst(blocks.count).prefix { $0 != "." }) : nil
        }
        return Set(numbers).count
    }

    /// The tensors that make up a parameter of ours, one below the other; none where they are missing.
    func entries(_ name: String) -> [StateDict.Entry] {
        for form in forms(name) {
            let found = form.compactMap { dict[$0] }
            if found.count == form.count { return found }
        }
        return []
    }

    private func forms(_ name: String) -> [[String]] {
        guard name.hasPrefix("decoder_blocks.") else { return [[prefix + name]] }
        let rest = name.dropFirst("decoder_blocks.".count)
        let number = rest.prefix { $0 != "." }, part = String(rest.dropFirst(number.count + 1))
        let base = blocks + number + "."
        let leaf = part.split(separator: ".").last.map(String.init) ?? ""
        let layer = String(part.dropLast(leaf.count + 1))
        let old: [String: [String]] = [
            "norm1": ["layernorm_before"], "norm2": ["layernorm_after"], "mlp.fc1": ["intermediate.dense"],
            "mlp.fc2": ["output.dense"], "attn.proj": ["attention.output.dense"],
            "attn.qkv": ["query", "key", "value"].map { "attention.attention." + $0 },
        ]
        let new: [String: [String]] = [
            "norm1": ["layernorm_before"], "norm2": ["layernorm_after"], "attn.proj": ["attention.o_proj"],
            "attn.qkv": ["q_proj", "k_proj", "v_proj"].map { "attention." + $0 },
        ]
        return [[base + part]]
            + [old, new].compactMap { $0[layer]?.map { "\(base)\($0).\(leaf)" } }
    }
}
