import Models
import Platform
import Tensors

/// Draws first weights: each parameter from a stream of its own name, so that what else a network has changes nothing.
struct Initializer {
    let seed: UInt64
    var weights: ParameterBuffer

    init(_ layout: ParameterLayout, seed: UInt64) {
        self.seed = seed
        weights = ParameterBuffer(layout)
    }

    /// Every number of `parameter` is `value`.
    mutating func fill(_ parameter: Parameter, _ value: Float) {
        weights.set(parameter, to: Tensor(shape: parameter.shape, repeating: value))
    }

    /// Uniform between ±`bound`.
    mutating func uniform(_ parameter: Parameter, bound: Double) {
        draw(parameter) { $0.uniform(in: -bound...bound) }
    }

    /// Uniform between ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010).
    mutating func xavier(_ parameter: Parameter, outputs: Int? = nil) {
        let outputs = outputs ?? parameter.shape[0]
        uniform(parameter, bound: (6 / Double(parameter.shape[1] + outputs)).squareRoot())
    }

    /// PyTorch's default for linear layers and convolutions: ±1/√inputs.
    mutating func torchDefault(_ parameter: Parameter, inputs: Int) {
        uniform(parameter, bound: 1 / Double(inputs).squareRoot())
    }

    /// A normal distribution.
    mutating func normal(_ parameter: Parameter, std: Double) { draw(parameter) { $0.normal() * std } }

    /// A normal distribution cut at ±`bound` standard deviations, divided by `divisor`.
    mutating func truncatedNormal(_ parameter: Parameter, std: Double, bound: Double, divisor: Double = 1) {
        draw(parameter) { $0.truncatedNormal(std: std, bound: bound) / divisor }
    }

    private mutating func draw(_ parameter: Parameter, _ number: (inout RandomStream) -> Double) {
        var random = RandomStream(seed: seed, "weights." + parameter.name)
        weights.set(
            parameter, to: Tensor(shape: parameter.shape, (0..<parameter.count).map { _ in Float(number(&random)) }))
    }
}

extension Initializer {
    /// Draws the encoder of `recipe`.
    mutating func initialize(_ encoder: TrainableViT, _ recipe: ViTRecipe) {
        for parameter in encoder.parameters {
            let name = parameter.name
            if name == "pos_embed" {
                positions(parameter, recipe)
            } else if name.hasSuffix(".gamma") {
                fill(parameter, recipe.initialLayerScale)
            } else if name.contains("norm"), parameter.shape.count == 1 {
                fill(parameter, name.hasSuffix("weight") ? 1 : 0)
            } else if name.hasSuffix("relative_position_bias_table") {
                fill(parameter, 0)
            } else if name.hasPrefix("patch_embed.") {
                patchEmbed(parameter, recipe)
            } else if parameter.shape.count == 3 {
                token(parameter, recipe.initialization)
            } else if parameter.shape.count == 1 {
                fill(parameter, 0)
            } else {
                matrix(parameter, recipe)
            }
        }
    }

    /// A class, register or mask token.
    mutating func token(_ parameter: Parameter, _ initialization: ViTRecipe.Initialization) {
        switch initialization {
        case .mocoV3: normal(parameter, std: 1e-6)
        case .simMIM: truncatedNormal(parameter, std: 0.02, bound: 1)
        case .mae: normal(parameter, std: 0.02)
        }
    }

    private mutating func positions(_ parameter: Parameter, _ recipe: ViTRecipe) {
        guard case .sinCos(let table) = recipe.positions else {
            return truncatedNormal(parameter, std: 0.02, bound: recipe.initialization == .simMIM ? 1 : 100)
        }
        let width = recipe.config.embedDim, patches = table.table(recipe.config.grid, width: width)
        let own = parameter.shape[1] - recipe.config.grid.count
        weights.set(parameter, to: own == 0 ? patches : .concatenating([.zeros([own, width]), patches]))
    }

    private mutating func patchEmbed(_ parameter: Parameter, _ recipe: ViTRecipe) {
        let config = recipe.config, pixels = config.inChans * config.patchSize * config.patchSize
        switch (recipe.initialization, parameter.shape.count) {
        case (.mae, 1): torchDefault(parameter, inputs: pixels)
        case (_, 1): fill(parameter, 0)
        case (.simMIM, _): truncatedNormal(parameter, std: 0.02, bound: 1)
        default: xavier(parameter)
        }
    }

    private mutating func matrix(_ parameter: Parameter, _ recipe: ViTRecipe) {
        switch recipe.initialization {
        case .mocoV3:
            // Query, key and value are three matrices of embedDim outputs each.
            xavier(parameter, outputs: parameter.name.hasSuffix("qkv.weight") ? recipe.config.embedDim : nil)
        case .mae: xavier(parameter)
        case .simMIM:
            let words = parameter.name.split(separator: ".")
            let isOutput = parameter.name.hasSuffix("attn.proj.weight") || parameter.name.hasSuffix("mlp.fc2.weight")
            let block = isOutput && words.count > 1 ? Int(words[1]) : nil
            truncatedNormal(
                parameter, std: 0.02, bound: 1, divisor: block.map { Double(2 * ($0 + 1)).squareRoot() } ?? 1)
        }
    }
}
