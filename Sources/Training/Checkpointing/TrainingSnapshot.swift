import Checkpoints
import Platform
import Tensors

/// What a run is between two steps: the model, the optimizer's moments, and how many steps are done. Everything else is
/// a function of these and of the configuration.
public struct TrainingSnapshot: Sendable {
    public var model: NetworkState
    public var optimizer: Optimizer
    /// Optimizer steps done.
    public var step: Int
}

extension TrainingSnapshot {
    /// Every number under its checkpoint name: the weights under timm's names, the rest behind `buffers.`, `momentum.`,
    /// `momentum_buffers.`, `optimizer.first_moment.` and `optimizer.second_moment.`.
    var stateDict: StateDict {
        var dict = modelDict
        Self.add(model.momentumWeights, "momentum.", to: &dict)
        Self.add(model.momentumBuffers, "momentum_buffers.", to: &dict)
        for group in optimizer.groups {
            for parameter in group.parameters {
                Self.add(parameter, of: optimizer.firstMoment, "optimizer.first_moment.", to: &dict)
                if let second = optimizer.secondMoment {
                    Self.add(parameter, of: second, "optimizer.second_moment.", to: &dict)
                }
            }
        }
        return dict
    }

    /// The weights and the running statistics alone.
    var modelDict: StateDict {
        var dict = StateDict()
        Self.add(model.weights, "", to: &dict)
        Self.add(model.buffers, "buffers.", to: &dict)
        return dict
    }

    private static func add(_ buffer: ParameterBuffer?, _ prefix: String, to dict: inout StateDict) {
        guard let buffer else { return }
        for parameter in buffer.layout.parameters { add(parameter, of: buffer, prefix, to: &dict) }
    }

    private static func add(
        _ parameter: Parameter, of buffer: ParameterBuffer, _ prefix: String, to dict: inout StateDict
    ) {
        dict[prefix + parameter.name] = StateDict.Entry(
            buffer.tensor(parameter).reshaped(storedShape(parameter)))
    }

    /// Checkpoints hold the patch projection as the convolution it is, (embedDim, 3, patchSize, patchSize).
    private static func storedShape(_ parameter: Parameter) -> [Int] {
        guard parameter.name == "patch_embed.proj.weight", parameter.shape.count == 2 else { return parameter.shape }
        let side = Int(rounding: Double(parameter.shape[1] / 3).squareRoot(), .toNearestOrAwayFromZero) ?? 0
        guard 3 * side * side == parameter.shape[1] else { return parameter.shape }
        return [parameter.shape[0], 3, side, side]
    }

    /// Takes every number from `dict`.
    ///
    /// - Throws: `TrainingError.otherRun` for a number that is missing or of another size.
    mutating func read(_ dict: StateDict) throws(TrainingError) {
        try Self.read(&model.weights, "", from: dict)
        try Self.read(&model.buffers, "buffers.", from: dict)
        if var momentum = model.momentumWeights {
            try Self.read(&momentum, "momentum.", from: dict)
            model.momentumWeights = momentum
        }
        if var buffers = model.momentumBuffers {
            try Self.read(&buffers, "momentum_buffers.", from: dict)
            model.momentumBuffers = buffers
        }
        for parameter in optimizer.groups.flatMap(\.parameters) {
            try Self.read(parameter, "optimizer.first_moment.", into: &optimizer.firstMoment, from: dict)
            if var second = optimizer.secondMoment.take() {
                try Self.read(parameter, "optimizer.second_moment.", into: &second, from: dict)
                optimizer.secondMoment = second
            }
        }
    }

    private static func read(
        _ buffer: inout ParameterBuffer, _ prefix: String, from dict: StateDict
    ) throws(TrainingError) {
        for parameter in buffer.layout.parameters { try read(parameter, prefix, into: &buffer, from: dict) }
    }

    private static func read(
        _ parameter: Parameter, _ prefix: String, into buffer: inout ParameterBuffer, from dict: StateDict
    ) throws(TrainingError) {
        guard let entry = dict[prefix + parameter.name], entry.count == parameter.count else {
            throw .otherRun(
                "The checkpoint has no \(prefix)\(parameter.name) of \(parameter.count) numbers: another version of the "
                    + "program wrote it. Take that version, or begin in an empty directory.")
        }
        buffer.set(parameter, to: entry.tensor())
    }
}
