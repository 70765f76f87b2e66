import ArgumentParser
import Catalogue
import Service

/// How images are prepared for a checkpoint, where its folder does not say it or should not have its way, and how it is
/// computed.
struct PreprocessFlags: ParsableArguments {
    @Option(name: .of(.cropMode), help: .of(.cropMode)) var cropMode: String?
    @Option(name: .of(.cropPct), help: .of(.cropPct)) var cropPct: String?
    @Option(name: .of(.interpolation), help: .of(.interpolation)) var interpolation: String?
    @Option(name: .of(.mean), help: .of(.mean)) var mean: String?
    @Option(name: .of(.std), help: .of(.std)) var std: String?
    @Option(name: .of(.precision), help: .of(.precision)) var precision: String?

    /// The texts that were given.
    private var texts: [(option: LoadOption, text: String?)] {
        [
            (.cropMode, cropMode), (.cropPct, cropPct), (.interpolation, interpolation), (.mean, mean), (.std, std),
            (.precision, precision),
        ]
    }

    func validate() throws { _ = try LoadOptions(texts) }

    /// `options` with what was asked for.
    func added(to options: LoadOptions) throws -> LoadOptions { try LoadOptions(texts, added: options) }
}
