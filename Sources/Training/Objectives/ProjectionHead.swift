import Models
import Platform
import Tensors

/// MoCo v3's projector or predictor: linear layers without bias, each followed by batch norm, and by relu but for the
/// last, whose norm has no affine part (Chen et al. 2021).
struct ProjectionHead: Sendable {
    private let layers: [(linear: Linear, norm: BatchNorm)]
    /// Its parameters, in order.
    let parameters: [Parameter]

    /// - Parameter widths: of the input, between the layers, of the output.
    init(_ name: String, widths: [Int], in layout: inout ParameterLayout, buffers: inout ParameterLayout) {
        let before = layout.parameters.count
        layers = (0..<widths.count - 1).map { index in
            // Numbers are those of PyTorch's Sequential: linear, norm, relu.
            let linear = Linear(
                "\(name).\(3 * index)", inFeatures: widths[index], outFeatures: widths[index + 1], bias: false,
                in: &layout)
            let norm = BatchNorm(
                "\(name).\(3 * index + 1)", width: widths[index + 1], affine: index < widths.count - 2, in: &layout,
                buffers: &buffers)
            return (linear, norm)
        }
        parameters = Array(layout.parameters[before...])
    }

    /// First weights: PyTorch's defaults.
    func initialize(_ initializer: inout Initializer) {
        for (linear, norm) in layers {
            initializer.torchDefault(linear.weight, inputs: linear.weight.shape[1])
            if let weight = norm.weight { initializer.fill(weight, 1) }
        }
    }

    /// First running statistics: means 0, variances 1.
    func initialize(_ buffers: inout ParameterBuffer) {
        for (_, norm) in layers {
            buffers.set(norm.runningVar, to: Tensor(shape: norm.runningVar.shape, repeating: 1))
        }
    }

    /// What the way back needs.
    struct Activations {
        fileprivate var inputs: [Tensor] = []
        fileprivate var norms: [BatchNorm.Forward] = []
        fileprivate var activated: [Tensor] = []
        /// (batch, output width).
        var output: Tensor
    }

    /// x (batch, input width) → (batch, output width), normalized by the batch.
    func forward(_ x: Tensor, _ pass: TrainingPass, buffers: inout ParameterBuffer) -> Activations {
        var activations = Activations(output: x)
        for (index, layer) in layers.enumerated() {
            activations.inputs.append(activations.output)
            let norm = layer.norm.forward(
                layer.linear.forward(activations.output, pass), pass.weights, buffers: &buffers, ranks: pass.ranks)
            activations.norms.append(norm)
            activations.output = index < layers.count - 1 ? norm.output.relu() : norm.output
            activations.activated.append(activations.output)
        }
        return activations
    }

    /// The gradient at the input; those of the parameters are added.
    func backward(
        _ activations: Activations, dOutput: Tensor, _ pass: TrainingPass, gradients: inout ParameterBuffer
    ) -> Tensor {
        var d = dOutput
        for (index, layer) in layers.enumerated().reversed() {
            if index < layers.count - 1 { d = activations.activated[index].reluBackward(dOutput: d) }
            d = layer.norm.backward(activations.norms[index], dOutput: d, pass.weights, gradients: &gradients)
            d = layer.linear.backward(activations.inputs[index], dOutput: d, pass, gradients: &gradients)
        }
        return d
    }
}
