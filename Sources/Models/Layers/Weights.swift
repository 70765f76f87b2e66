import Platform
import Tensors

/// Why a state dict does not fill a network.
public enum WeightError: Error, Equatable, CustomStringConvertible {
    /// A tensor of the network is not there.
    case missing(String)
    /// A tensor has another shape than the network's.
    case shape(String, expected: [Int], found: [Int])

    public var description: String {
        switch self {
        case .missing(let name): "the tensor \(name) is missing"
        case .shape(let name, let expected, let found): "\(name) has the shape \(found) where \(expected) is expected"
        }
    }
}

/// The weights of a network in the form that a forward pass reads: small tensors as they are, linear layers packed.
///
/// Layers hold places; this holds numbers. One value serves any number of requests at once.
struct Weights: Sendable {
    /// In which linear layers are packed, and attention is multiplied.
    let precision: Precision
    private var tensors: [Int: Tensor] = [:]
    private var linears: [Int: PackedLinear] = [:]

    init(precision: Precision) { self.precision = precision }

    /// The numbers of `parameter`.
    func tensor(_ parameter: Parameter) -> Tensor {
        guard let tensor = tensors[parameter.offset] else { preconditionFailure("\(parameter.name) was not loaded") }
        return tensor
    }

    /// The product of `linear`.
    func product(_ linear: Linear) -> PackedLinear {
        guard let product = linears[linear.weight.offset] else {
            preconditionFailure("\(linear.weight.name) was not loaded")
        }
        return product
    }

    /// Reads `parameter` from `stateDict` by its name.
    mutating func load(_ parameter: Parameter, from stateDict: StateDict) throws(WeightError) {
        tensors[parameter.offset] = try Weights.read(parameter, from: stateDict)
    }

    /// Reads and packs `linear`, its outputs multiplied by `scale` where there is a layer scale.
    mutating func load(
        _ linear: Linear, scale: Parameter? = nil, from stateDict: StateDict
    ) throws(WeightError) {
        let weight = try Weights.read(linear.weight, from: stateDict)
        var bias: Tensor?, factors: Tensor?
        if let place = linear.bias { bias = try Weights.read(place, from: stateDict) }
        if let scale { factors = try Weights.read(scale, from: stateDict) }
        pack(linear, PackedLinear(weight: weight, bias: bias, scale: factors, precision: precision))
    }

    /// Gives `linear` a product made elsewhere.
    mutating func pack(_ linear: Linear, _ product: PackedLinear) { linears[linear.weight.offset] = product }

    /// Memory held, bytes.
    var byteCount: Int {
        tensors.values.reduce(0) { $0 + $1.byteCount } + linears.values.reduce(0) { $0 + $1.byteCount }
    }

    /// The numbers of `parameter` in `stateDict`. Shapes must agree but for extents of one.
    static func read(_ parameter: Parameter, from stateDict: StateDict) throws(WeightError) -> Tensor {
        guard let entry = stateDict[parameter.name] else { throw .missing(parameter.name) }
        guard entry.shape.filter({ $0 != 1 }) == parameter.shape.filter({ $0 != 1 }) else {
            throw .shape(parameter.name, expected: parameter.shape, found: entry.shape)
        }
        let tensor = entry.tensor().reshaped(parameter.shape)
        // Each number is read once: what the file's memory held is not needed beside the copy.
        entry.bytes.forget()
        return tensor
    }
}
