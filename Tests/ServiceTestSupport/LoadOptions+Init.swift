package import Catalogue
import JSON
package import Models

extension LoadOptions {
    /// Options by their names in Swift, right or wrong.
    package init(
        arch: String? = nil, numHeads: Int? = nil, imgSize: ImageSize? = nil, checkpointKey: String? = nil,
        activation: String? = nil, cropPct: Double? = nil, cropMode: String? = nil, mean: [Double]? = nil,
        std: [Double]? = nil
    ) {
        self.init()
        self[.arch] = arch.map(JSONValue.string)
        self[.numHeads] = numHeads.map(JSONValue.int)
        self[.imgSize] = imgSize.map { .ints([$0.height, $0.width]) }
        self[.checkpointKey] = checkpointKey.map(JSONValue.string)
        self[.activation] = activation.map(JSONValue.string)
        self[.cropPct] = cropPct.map(JSONValue.double)
        self[.cropMode] = cropMode.map(JSONValue.string)
        self[.mean] = mean.map(JSONValue.doubles)
        self[.std] = std.map(JSONValue.doubles)
    }
}

extension ModelRegistration {
    /// - Parameter preprocess: its options about images.
    package init(
        name: String, path: String, arch: String? = nil, numHeads: Int? = nil, imgSize: ImageSize? = nil,
        checkpointKey: String? = nil, activation: String? = nil, precision: String? = nil,
        preprocess: LoadOptions? = nil
    ) {
        var options = LoadOptions(
            arch: arch, numHeads: numHeads, imgSize: imgSize, checkpointKey: checkpointKey, activation: activation)
        for option in LoadOption.all where option.group == .preprocess { options[option] = preprocess?[option] }
        options[.precision] = precision.map(JSONValue.string)
        self.init(name: name, path: path, options: options)
    }
}
