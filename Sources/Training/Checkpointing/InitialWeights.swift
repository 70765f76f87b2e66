import JSON
public import Models
public import Platform
import Tensors

extension NetworkState {
    /// Takes the encoder's weights from a checkpoint: everything that `objective` has under the same name, but for
    /// classifiers. A shared table of relative positions fills a table in each block.
    ///
    /// - Throws: `TrainingError.configuration` where a part of the encoder is missing, of another size, or not finite.
    public mutating func takeEncoder(
        of model: RecognisedModel, for objective: any Objective, pool: ThreadPool
    ) throws(TrainingError) {
        var faults: [Fault] = []
        // The sizes of the weights do not tell it, and a mere assumption gives way to what was said.
        let (theirs, ours) = (model.config.numHeads, objective.encoder.config.numHeads)
        if theirs != ours, !model.report.assumes("num_heads") {
            faults.append(
                Fault(
                    pointer: "/arch",
                    detail:
                        "The checkpoint has num_heads \(theirs), and this arch has \(ours); leave arch out to take the "
                        + "checkpoint's own."))
        }
        if let departure = model.config.departure {
            faults.append(
                Fault(
                    pointer: "/init_from",
                    detail:
                        "The checkpoint's network \(departure), which is analysed and not trained here; give a plain "
                        + "one."))
        }
        for parameter in objective.encoder.parameters where !Self.isNew(parameter.name) {
            let shared = "rel_pos_bias.relative_position_bias_table"
            let isTable = parameter.name.hasSuffix(".attn.relative_position_bias_table")
            guard let entry = model.stateDict[parameter.name] ?? (isTable ? model.stateDict[shared] : nil) else {
                faults.append(
                    Fault(
                        pointer: "/init_from",
                        detail: "The checkpoint has no \(parameter.name), which this arch has; leave arch out to take "
                            + "the checkpoint's own."))
                continue
            }
            guard entry.count == parameter.count else {
                faults.append(
                    Fault(
                        pointer: "/init_from",
                        detail: "\(parameter.name) has the shape \(entry.shape) in the checkpoint, and this arch wants "
                            + "\(parameter.shape)."))
                continue
            }
            let numbers = entry.tensor()
            guard numbers.isFinite else {
                faults.append(Fault(pointer: "/init_from", detail: Self.notFinite(parameter.name)))
                continue
            }
            weights.set(parameter, to: numbers)
        }
        // One sentence for each of a hundred tensors helps nobody.
        guard faults.isEmpty else { throw .configuration(Array(faults.prefix(5))) }
        if var momentum = momentumWeights {
            momentum.moveTowards(weights, momentum: 0, pool: pool)
            momentumWeights = momentum
        }
    }

    /// What to say of a tensor of a checkpoint from which nothing can be learned.
    public static func notFinite(_ name: String) -> String {
        "\(name) holds numbers that are not finite (NaN or infinity) in the checkpoint, so nothing can be learned from it; "
            + "give a checkpoint from before its training diverged."
    }

    /// Whether a parameter begins anew whatever the checkpoint holds.
    public static func isNew(_ name: String) -> Bool { name.hasPrefix("head.") || name.hasPrefix("fc_norm.") }
}
