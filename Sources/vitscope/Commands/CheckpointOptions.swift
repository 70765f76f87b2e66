import ArgumentParser
import Catalogue
import Service

/// What a checkpoint leaves open, for every command that reads one.
struct CheckpointOptions: ParsableArguments {
    @Option(help: "A timm name, such as vit_small_patch16_224.")
    var arch: String?

    @Option(help: "Attention heads, where the file does not tell.")
    var numHeads: Int?

    @Option(help: "Input side in pixels, or HEIGHTxWIDTH; position tables are resampled.")
    var imgSize: String?

    @Option(help: "Which of several networks in the file, such as teacher.")
    var checkpointKey: String?

    @Option(help: "What stands between the layers of an MLP, where the file does not tell, such as gelu.")
    var activation: String?

    /// The same for the service.
    func inspection() throws -> Inspection.Options {
        var options = Inspection.Options(
            arch: arch, numHeads: numHeads, checkpointKey: checkpointKey, activation: activation)
        if let activation, !Inspection.activations.contains(activation) {
            throw ValidationError("--activation is \(Inspection.activations.joined(separator: ", ")).")
        }
        if let imgSize {
            let sides = imgSize.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
                (1...16_384).contains(height), (1...16_384).contains(width)
            else {
                throw ValidationError("--img-size is a side in pixels, such as 224, or HEIGHTxWIDTH, such as 224x448.")
            }
            options.setImgSize(height: height, width: width)
        }
        return options
    }
}
