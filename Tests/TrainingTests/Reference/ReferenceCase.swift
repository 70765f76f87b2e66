import Models
import Platform
import Tensors
import Testing
import Training

/// One objective, ready to run on the weights and the batches that PyTorch had.
struct ReferenceCase {
    let name: String
    let settings: ReferenceSettings.Case
    let file: ReferenceFile
    let objective: any Objective

    init(_ name: String) throws {
        let settings = try #require(try ReferenceSettings.read().cases[name])
        self.name = name
        self.settings = settings
        file = try ReferenceFile(name)
        objective = Self.objective(name, settings, lambda: settings.lambda ?? 0)
    }

    /// The hybrid's λ and MAE's target can be chosen.
    static func objective(
        _ name: String, _ settings: ReferenceSettings.Case, lambda: Double, normPixLoss: Bool = true
    ) -> any Objective {
        var vit = ViTRecipe(settings.vit.config)
        switch name {
        case "moco_v3":
            vit.positions = .sinCos(.mocoV3)
            return MoCoV3(vit: vit, config: moco(settings))
        case "simmim": return SimMIM(vit: vit, config: simMIM(settings))
        case "mae":
            vit.positions = .sinCos(.mae)
            return MAE(vit: vit, config: mae(settings, normPixLoss: normPixLoss))
        case "hybrid": return Hybrid(vit: vit, moco: moco(settings), simMIM: simMIM(settings), lambda: lambda)
        default: return Classification(vit: vit, smoothing: settings.smoothing ?? 0)
        }
    }

    private static func moco(_ settings: ReferenceSettings.Case) -> MoCoV3Config {
        guard let moco = settings.moco else { return MoCoV3Config() }
        return MoCoV3Config(
            dim: moco.dim, mlpDim: moco.mlpDim, momentum: moco.momentum, momentumSchedule: moco.momentumCosine,
            temperature: moco.temperature, stopGradConv1: moco.stopGradConv1)
    }

    private static func simMIM(_ settings: ReferenceSettings.Case) -> SimMIMConfig {
        guard let simMIM = settings.simmim else { return SimMIMConfig() }
        return SimMIMConfig(maskRatio: simMIM.maskRatio, maskPatchSize: simMIM.maskPatchSize)
    }

    private static func mae(_ settings: ReferenceSettings.Case, normPixLoss: Bool) -> MAEConfig {
        guard let mae = settings.mae else { return MAEConfig() }
        return MAEConfig(
            maskRatio: mae.maskRatio, decoderDepth: mae.decoderDepth, decoderDim: mae.decoderEmbedDim,
            decoderHeads: mae.decoderNumHeads, normPixLoss: normPixLoss)
    }

    /// The state before the first step, of `objective` or of another one with parameters of the same names.
    func state(of objective: any Objective) throws -> NetworkState {
        var state = NetworkState(
            weights: try filled(objective.layout, "weights"), buffers: try filled(objective.buffers, "buffers"))
        if let layout = objective.momentumLayout { state.momentumWeights = try filled(layout, "momentum") }
        if let layout = objective.momentumBuffersLayout {
            state.momentumBuffers = try filled(layout, "momentum_buffers")
        }
        return state
    }

    func state() throws -> NetworkState { try state(of: objective) }

    private func filled(_ layout: ParameterLayout, _ group: String) throws -> ParameterBuffer {
        var buffer = ParameterBuffer(layout)
        for parameter in layout.parameters {
            buffer.set(parameter, to: try file.tensor("\(group)/\(parameter.name)"))
        }
        return buffer
    }

    /// The batch of even (0) or odd (1) steps.
    func batch(_ number: Int) throws -> Batch {
        let prefix = number == 0 ? "" : "batch1/"
        let views = file.group("\(prefix)views").sorted { $0.key < $1.key }.map(\.value)
        try #require(!views.isEmpty)
        return Batch(
            views: views, mask: file.optional(prefix + "mask"), noise: file.optional(prefix + "noise"),
            labels: file.optional(prefix + "labels")?.array.map { Int(inRange: Double($0)) } ?? [],
            softTargets: file.optional(prefix + "soft_targets"))
    }

    func context(step: Int, part: Int = 0, gradientScale: Float = 1, pool: ThreadPool) -> StepContext {
        StepContext(
            step: step, part: part, epoch: settings.firstEpoch + Double(step) / settings.stepsPerEpoch,
            epochs: settings.moco?.epochs ?? 1, gradientScale: gradientScale, pool: pool)
    }

    /// AdamW with the groups and the schedule of the recipe.
    func optimizer() -> Optimizer {
        let settings = settings.optimizer
        var schedule = LearningRateSchedule(.cosine(countsWarmup: false), peak: settings.lr, totalSteps: 11)
        (schedule.warmupSteps, schedule.warmupStart) = (3, settings.lr / 4)
        return Optimizer(
            .adamW(AdamWConstants(beta1: settings.beta1, beta2: settings.beta2, eps: settings.eps)),
            layout: objective.layout, groups: groups, schedule: schedule, clipGradient: settings.clipGrad)
    }

    /// By the rules of the recipe, not by the list in the file.
    private var groups: [ParameterGroup] {
        let rule: DecayRule =
            switch name {
            case "moco_v3": .all
            case "mae": .oneDimensional
            default: .simMIM
            }
        return ParameterGroup.groups(
            of: objective.layout, frozen: objective.frozen,
            weightDecay: settings.groups.map(\.weightDecay).max() ?? 0, rule: rule,
            layerDecay: settings.layerDecay.map { LayerDecay(rate: $0, depth: settings.vit.depth) },
            scalesWholeCurve: true)
    }
}
