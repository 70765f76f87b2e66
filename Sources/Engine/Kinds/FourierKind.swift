import Analysis
import Catalogue
import Models

extension AnalysisKind {
    public static let fourier: AnalysisKind = {
        let layers = DeclaredParameter.layers, convention = DeclaredParameter.convention
        let part = DeclaredParameter.choice(
            "part", default: AutoencoderPart.encoder,
            "Of a masked autoencoder; a decoder is looked into where the checkpoint has one.")
        let map = DeclaredParameter.flag(
            "map", "Whether the mean log amplitude at every frequency is added, zero frequency in the middle.")
        let ratio = DeclaredParameter.number(
            "mask_ratio", in: 0...0.99, default: 0.75,
            "part=decoder: share of the patches that the encoder does not see.")
        let heads = DeclaredParameter<Int?>.integer(
            "decoder_heads", in: 1...1024, echo: false,
            "part=decoder: heads of its attention, where the checkpoint does not say.")
        let seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "fourier", group: .representation, title: "Fourier analysis",
            summary: "Relative log amplitude of the representations by depth",
            reading: "Amplitude of each frequency in the tokens, relative to frequency 0. Steeper = smoother "
                + "representation, low frequencies, shapes; flatter = fine detail, textures.",
            cost: "One pass of each image; part=decoder about three, one image at a time.",
            parameters: [layers, convention, map, part, ratio, seed, heads], isUsuallyCompared: true,
            trajectory: .init(
                title: "High frequencies by depth",
                reading:
                    "The strength of the finest detail in the tokens. Falling = details are smoothed away; depth 0 "
                    + "is the embedding.",
                values: "depth_curve.high_frequency", errors: "depth_curve.high_frequency_sem", places: "depths",
                placesTitle: "depth",
                unit: "log amplitude"), isShardable: true)
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, config = model.model.config
            let analysis = FourierAnalysis(grid: config.grid, convention: values[convention])
            switch values[part] {
            case .encoder:
                for parameter in [ratio, seed, heads] as [any AnyDeclaredParameter] {
                    if values.isGiven(parameter) {
                        values.add(parameter, "\(parameter.declaration.name) belongs to part=decoder.")
                    }
                    values.omit(parameter)
                }
                return values.blocks(model).map {
                    FourierTask(model: model, layers: $0, analysis: analysis, hasMap: values[map])
                }
            case .decoder:
                if values.isGiven(layers) {
                    values.add(layers, "part=decoder answers for every block of the decoder; leave layers out.")
                }
                values.omit(layers)
                guard config.patchEmbed == .linear, config.relPos == .none, config.numPrefixTokens == 1 else {
                    values.add(part, "“\(model.name)” is no encoder of MAE, so it has no decoder.")
                    return nil
                }
                return DecoderFourierTask(
                    model: model, analysis: analysis, hasMap: values[map], maskRatio: values[ratio],
                    seed: values.seed, heads: values[heads], images: subjects.images)
            }
        }
    }()
}
