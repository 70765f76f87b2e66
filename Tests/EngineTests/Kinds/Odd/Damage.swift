import Tensors

/// What is wrong with the weights of a model.
enum Damage: String, CaseIterable, Sendable {
    case none, nanInOne, nanInAll, infinityInOne, huge, hugest, tiny, tiniest, zero

    func applied(to weights: StateDict) -> StateDict {
        guard self != .none else { return weights }
        var damaged = weights
        // The last of the one kind and the first of the other, so that some depths are before the damage.
        let late = weights.names.last { $0.hasSuffix("mlp.fc2.weight") || $0.hasSuffix("mlp.w3.weight") }
        let early = weights.names.first { $0.hasSuffix("attn.qkv.weight") }
        for name in weights.names {
            guard var tensor = weights[name]?.tensor() else { continue }
            switch self {
            case .none: break
            case .nanInOne: if name == late { tensor[flat: 3] = .nan }
            case .infinityInOne: if name == early { tensor[flat: 3] = .infinity }
            case .nanInAll: tensor = tensor.map { _ in .nan }
            case .huge: tensor = tensor.map { $0 < 0 ? -1e19 : 1e19 }
            case .hugest: tensor = tensor.map { $0 < 0 ? -1e38 : 1e38 }
            case .tiny: tensor = tensor.map { $0 < 0 ? -1e-30 : 1e-30 }
            case .tiniest: tensor = tensor.map { $0 < 0 ? -1e-38 : 1e-38 }
            case .zero: tensor = tensor.map { _ in 0 }
            }
            damaged[name] = StateDict.Entry(tensor)
        }
        return damaged
    }
}
