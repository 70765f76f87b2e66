/// What stands between the two layers of the MLPs, which no tensor tells.
struct ActivationReader {
    let hints: ModelHints
    let told: ToldFacts
    let choice: ArchitectureChoice
    let names: OpenNames
    let layout: CheckpointLayout

    private var mlp: VisionTransformerConfig.MLP { names.config.mlp }

    /// The kind of the MLPs with their activation: told, or assumed where networks of these names have but one.
    func read(report: inout LoadReport) throws(ModelError.Reason) -> VisionTransformerConfig.MLP {
        if mlp.isGated { return try checkGate() }
        if let asked = hints.activation { return .init(plain: asked) }
        if let said = told.activation {
            guard let activation = ActivationFunction(configuration: said.word) else {
                let known = ActivationFunction.allCases.map(\.rawValue).joined(separator: ", ")
                throw .unsupportedActivation("\(said.place) is \(said.word.clipped); only \(known) are supported")
            }
            return .init(plain: activation)
        }
        if let architecture = choice.named { return .init(plain: architecture.activation) }
        if let usual = layout.activation { return .init(plain: usual) }
        if let several = names.severalActivations {
            throw .untold(
                option: "activation",
                "the file does not tell its activation: \(several); pass activation")
        }
        if choice.architecture == nil {
            report.assume(
                "activation",
                "activation gelu (exact, by erf) is assumed, as nothing in the file tells it; pass activation "
                    + "if that is wrong")
        }
        return .gelu
    }

    /// A gate of half the rows has SiLU in every network with these names.
    private func checkGate() throws(ModelError.Reason) -> VisionTransformerConfig.MLP {
        if let asked = hints.activation, asked != .silu {
            throw .contradiction(field: "activation", asked: asked.rawValue, found: "silu, by the shapes of its MLPs")
        }
        // DINOv2's gate has SiLU whatever its configuration says of MLPs without one.
        if layout.tellsGate, let said = told.activation, ActivationFunction(configuration: said.word) != .silu {
            throw .unsupportedActivation(
                "\(said.place) is \(said.word.clipped), and the MLPs have a gate, which is supported with silu alone")
        }
        return mlp
    }
}
