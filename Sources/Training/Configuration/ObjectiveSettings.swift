import Checkpoints

/// What the objectives are made of, resolved.
public struct ObjectiveSettings: Sendable, Hashable {
    public let moco: MoCoV3Config
    public let simMIM: SimMIMConfig
    public let mae: MAEConfig
    /// The hybrid's weight of the contrastive loss, 0 to 1.
    public let lambda: Double
    /// Linear probe: the depths whose features are probed (0 = embedding); nil for all.
    public let probeLayers: [Int]?
    /// Linear probe: the class token for MAE's recipe, as MAE has it; else the mean patch, which lets every kind of
    /// pre-training be compared (docs/science.md#objective-linear_probe).
    public let probePooling: LinearProbe.Pooling

    /// Reads `moco`, `simmim`, `mae`, `hybrid` and `probe`, those of other methods too.
    init(
        _ reader: ConfigurationReader, method: TrainingMethod, flavour: TrainingRecipe.Flavour, patchSize: Int
    ) {
        moco = Self.readMoCo(reader.object("moco"), method)
        let masked = reader.object("simmim")
        simMIM = SimMIMConfig(
            maskRatio: masked.number("mask_ratio", default: 0.6, in: 0.01...0.99),
            // Cells of 32 pixels on patches of 16.
            maskPatchSize: masked.int("mask_patch_size", default: patchSize == 16 ? 32 : patchSize, in: 1...4096))
        masked.finish()
        mae = Self.readMAE(reader.object("mae"))
        let hybrid = reader.object("hybrid")
        lambda = hybrid.number("lambda", default: 0.2, in: 0...1)
        hybrid.finish()
        guard method == .linearProbe else {
            if reader.value("probe") != nil {
                reader.fault("probe", "probe belongs to the method linear_probe, not to \(method.rawValue).")
            }
            (probeLayers, probePooling) = (nil, .avg)
            return
        }
        let probe = reader.object("probe")
        probeLayers = Self.readLayers(probe)
        probePooling = probe.choice("pooling", default: flavour == .mae ? .token : .avg)
        probe.finish()
    }

    /// The probed layers of an encoder with `depth` blocks, negative ones counted from its end; nil for all.
    func probedDepths(of depth: Int) -> [Int]? { probeLayers.map { $0.map { $0 < 0 ? depth + 1 + $0 : $0 } } }

    private static func readMoCo(_ reader: ConfigurationReader, _ method: TrainingMethod) -> MoCoV3Config {
        defer { reader.finish() }
        return MoCoV3Config(
            dim: reader.int("dim", default: 256, in: 1...65_536),
            mlpDim: reader.int("mlp_dim", default: 4096, in: 1...65_536),
            momentum: reader.number("m", default: 0.99, in: 0...1),
            momentumSchedule: reader.bool("m_cos", default: true),
            temperature: reader.number("t", default: 0.2, in: 0.001...100),
            // The paper freezes the patch projection for the contrastive loss; a masked loss learns through it.
            stopGradConv1: reader.bool("stop_grad_conv1", default: method != .hybrid))
    }

    private static func readMAE(_ reader: ConfigurationReader) -> MAEConfig {
        defer { reader.finish() }
        let dim = reader.int("decoder_dim", default: 512, in: 4...16_384)
        let heads = reader.int("decoder_heads", default: dim % 32 == 0 ? dim / 32 : 1, in: 1...1024)
        if dim % heads != 0 || dim % 4 != 0 {
            reader.fault("decoder_dim", "decoder_dim \(dim) must be a multiple of 4 and of decoder_heads \(heads).")
        }
        return MAEConfig(
            maskRatio: reader.number("mask_ratio", default: 0.75, in: 0.01...0.99),
            decoderDepth: reader.int("decoder_depth", default: 8, in: 1...64), decoderDim: dim, decoderHeads: heads,
            normPixLoss: reader.bool("norm_pix_loss", default: true))
    }

    private static func readLayers(_ probe: ConfigurationReader) -> [Int]? {
        guard let value = probe.value("layers") else { return nil }
        if value.string == "all" {
            probe.record("layers", .string("all"))
            return nil
        }
        let layers = (value.array ?? []).compactMap(\.int)
        guard let array = value.array, !layers.isEmpty, layers.count == array.count, Set(layers).count == layers.count,
            layers.allSatisfy({ (-1000...1000).contains($0) })
        else {
            probe.fault("layers", "layers must be “all” or a list of different depths, 0 for the embedding.")
            return nil
        }
        probe.record("layers", .list(layers.map { .int($0) }))
        return layers
    }
}
