import Platform
public import Tensors

/// Parameters that one optimizer step treats alike.
public struct ParameterGroup: Sendable {
    public var parameters: [Parameter]
    /// What the learning rate is multiplied by: layer-wise decay.
    public var learningRateScale = 1.0
    public var weightDecay: Double
    /// Whether the scale multiplies the warm-up's start and the minimum as well (MAE), or the peak alone (timm, SimMIM).
    public var scalesWholeCurve = false

    public init(
        _ parameters: [Parameter], learningRateScale: Double = 1, weightDecay: Double, scalesWholeCurve: Bool = false
    ) {
        self.parameters = parameters
        self.learningRateScale = learningRateScale
        self.weightDecay = weightDecay
        self.scalesWholeCurve = scalesWholeCurve
    }
}

/// Which parameters of a recipe decay. Raw values are JSON's words for what does not.
public enum DecayRule: String, Sendable, Hashable, CaseIterable {
    /// Everything trainable (MoCo v3).
    case all = "none"
    /// Not tensors of one dimension, biases, positions and the class token; the mask token and the table of relative
    /// positions do (SimMIM, and fine-tuning in its code and MAE's).
    case simMIM = "simmim"
    /// Not tensors of one dimension and biases; class and mask token do (MAE pre-training, timm's `param_groups`).
    case oneDimensional = "one_dimensional"

    /// Whether `parameter` decays.
    public func decays(_ parameter: Parameter) -> Bool {
        let isSmall = parameter.shape.count <= 1 || parameter.name.hasSuffix(".bias")
        switch self {
        case .all: return true
        case .simMIM: return !isSmall && parameter.name != "pos_embed" && parameter.name != "cls_token"
        case .oneDimensional: return !isSmall
        }
    }
}

/// Learning rates that fall from the head down to the patches (Clark et al. 2020; BEiT).
public struct LayerDecay: Sendable, Hashable {
    /// The factor between neighbours; 1 is no decay.
    public let rate: Double
    /// Blocks of the encoder.
    public let depth: Int

    public init(rate: Double, depth: Int) {
        self.rate = rate
        self.depth = depth
    }

    /// 0 for what comes before the blocks, i + 1 for block i, depth + 1 for what comes after and for a shared table of
    /// relative positions.
    public func id(of name: String) -> Int {
        let words = name.split(separator: ".")
        switch words.first {
        case "cls_token", "mask_token", "pos_embed", "dist_token", "reg_token", "patch_embed": return 0
        case "blocks": return words.count > 1 ? min(Int(words[1]) ?? depth, depth) + 1 : depth + 1
        default: return depth + 1
        }
    }

    /// What the learning rate of parameter `name` is multiplied by.
    public func scale(of name: String) -> Double {
        var scale = 1.0
        for _ in 0..<(depth + 1 - id(of: name)) { scale *= rate }
        return scale
    }
}

extension ParameterGroup {
    /// The parameters of `layout` that train, in groups of equal treatment, in the order of the first of each.
    ///
    /// - Parameter frozen: names that get no update.
    public static func groups(
        of layout: ParameterLayout, frozen: Set<String>, weightDecay: Double, rule: DecayRule,
        layerDecay: LayerDecay? = nil, scalesWholeCurve: Bool = false
    ) -> [ParameterGroup] {
        var groups: [ParameterGroup] = []
        for parameter in layout.parameters where !frozen.contains(parameter.name) {
            let decay = rule.decays(parameter) ? weightDecay : 0
            let scale = layerDecay?.scale(of: parameter.name) ?? 1
            if let index = groups.firstIndex(where: { $0.weightDecay == decay && $0.learningRateScale == scale }) {
                groups[index].parameters.append(parameter)
            } else {
                groups.append(
                    ParameterGroup(
                        [parameter], learningRateScale: scale, weightDecay: decay, scalesWholeCurve: scalesWholeCurve))
            }
        }
        return groups
    }
}
