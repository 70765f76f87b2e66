import ArgumentParser
import Catalogue
import Service

/// What a checkpoint leaves open, for every command that reads one.
struct CheckpointOptions: ParsableArguments {
    @Option(name: .of(.arch), help: .of(.arch)) var arch: String?
    @Option(name: .of(.numHeads), help: .of(.numHeads)) var numHeads: String?
    @Option(name: .of(.imgSize), help: .of(.imgSize)) var imgSize: String?
    @Option(name: .of(.checkpointKey), help: .of(.checkpointKey)) var checkpointKey: String?
    @Option(name: .of(.activation), help: .of(.activation)) var activation: String?
    @Option(name: .of(.rope), help: .of(.rope)) var rope: String?

    /// The texts that were given.
    private var texts: [(option: LoadOption, text: String?)] {
        [
            (.arch, arch), (.numHeads, numHeads), (.imgSize, imgSize), (.checkpointKey, checkpointKey),
            (.activation, activation), (.rope, rope),
        ]
    }

    func validate() throws { _ = try options() }

    /// The options.
    func options() throws -> LoadOptions { try LoadOptions(texts) }
}
