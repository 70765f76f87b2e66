import Tensors

/// Files whose tensors are not yet those of a network, and what makes them so.
enum UnfinishedTensors {
    /// What to do about names that nothing is computed with, where they tell it; a sentence.
    static func advice(_ names: [String]) -> String? {
        if let name = names.first(where: { $0.contains(".parametrizations.") }) {
            return "\(name.clipped) is one part of a weight that is computed of several; make weights of them with "
                + "torch.nn.utils.parametrize.remove_parametrizations before saving"
        }
        if let name = names.first(where: { $0.contains(".base_layer.") || $0.contains("lora_") }) {
            return "\(name.clipped) is of an adapter (LoRA) beside the weights; put both together with "
                + "merge_and_unload() before saving"
        }
        return nil
    }

    /// Why no network is in the file although one was saved: each process of a distributed training keeps its own part.
    static func partition(_ candidates: [FileTensors], _ hints: ModelHints) -> ModelError.Reason? {
        let names = candidates.flatMap(\.dict.names)
        if names.contains(where: { $0.hasSuffix("_flat_param") }) {
            return .unfinished(
                "the file holds the flat parameters of one FSDP process; save the full state dict "
                    + "(StateDictType.FULL_STATE_DICT, or full_state_dict=True) instead")
        }
        let isPart =
            hints.fields["optimizer_state_dict.zero_stage"] != nil
            || !names.isEmpty
                && candidates.allSatisfy { file in
                    file.dict.names.allSatisfy { file.dict[$0]?.count == 0 }
                }
        guard isPart else { return nil }
        return .unfinished(
            "the file holds none of the network's numbers, as DeepSpeed (ZeRO) leaves them with each process; put "
                + "the parts together with its zero_to_fp32.py")
    }
}
