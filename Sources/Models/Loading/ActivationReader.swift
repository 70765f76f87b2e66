/// What stands between the two layers of the MLPs, which no tensor tells.
struct ActivationReader {
    let hints: ModelHints
    let told: ToldFacts
    let choice: ArchitectureChoice
    let names: OpenNames

    private var mlp: VisionTransformerConfig.MLP { names.config.mlp }

    /// Refuses an activation that is not computed here, and asks where networks of these names have several.
    func check(report: inout LoadReport) throws(ModelError.Reason) {
        if mlp == .swiglu { return try checkGate() }
        if let asked = hints.activation { return try take(asked, because: "as asked for") }
        if let said = told.activation {
            guard let activation = ActivationFunction(configuration: said.word) else {
                throw .unsupportedActivation("\(said.place) is \(said.word.clipped); only gelu is supported")
            }
            return try take(activation, because: "by \(said.place)")
        }
        if let architecture = choice.architecture {
            return try take(architecture.activation, because: "in the architecture \(architecture.name.clipped)")
        }
        if let several = names.severalActivations {
            throw .untold(
                option: "activation",
                "the file does not tell its activation: \(several); pass activation")
        }
        report.assume(
            "activation",
            "activation gelu (exact, by erf) is assumed, as nothing in the file tells it; pass activation "
                + "if that is wrong")
    }

    /// A gate of half the rows has SiLU in every network with these names.
    private func checkGate() throws(ModelError.Reason) {
        if let asked = hints.activation, asked != .silu {
            throw .contradiction(field: "activation", asked: asked.rawValue, found: "silu, by the shapes of its MLPs")
        }
    }

    private func take(_ activation: ActivationFunction, because why: String) throws(ModelError.Reason) {
        guard activation == .gelu else {
            throw .unsupportedActivation("the activation is \(activation.rawValue) \(why), and only gelu is supported")
        }
    }
}
