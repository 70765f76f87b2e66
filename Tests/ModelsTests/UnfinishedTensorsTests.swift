import Models
import Platform
import TestSupport
import Tensors
import Testing

/// Files of distributed trainings, of adapters and of weights in parts: what to do is said.
@Suite struct UnfinishedTensorsTests: KeyMapSuite {
    @Test func deepSpeedLeavesTheNumbersWithItsProcesses() {
        // ZeRO-3's mp_rank_00_model_states.pt has every name, and nothing behind it.
        var dict = StateDict()
        for name in stateDict(config).names { dict[name] = entry([0]) }
        #expect(reason(dict)?.description.contains("zero_to_fp32.py") == true)
        // A file of the optimizer's part has no tensors by name.
        var hints = threeHeads
        hints.fields["optimizer_state_dict.zero_stage"] = .int(2)
        #expect(reason(StateDict(), hints)?.description.contains("zero_to_fp32.py") == true)
        #expect(reason(StateDict())?.description == "the file holds no tensors")
    }

    @Test func fsdpsFlatParametersAreNoNames() {
        var dict = StateDict()
        dict["_fsdp_wrapped_module._flat_param"] = entry([500])
        #expect(reason(dict)?.description.contains("full_state_dict=True") == true)
    }

    @Test(arguments: [
        ("blocks.0.mlp.fc1.parametrizations.weight.original0", "remove_parametrizations"),
        ("blocks.0.attn.qkv.base_layer.weight", "merge_and_unload"),
        ("blocks.1.attn.qkv.lora_A.default.weight", "merge_and_unload"),
    ])
    func weightsThatAreComputedOfOthers(name: String, advice: String) {
        var dict = stateDict(config)
        dict[name] = entry([24])
        #expect(reason(dict) == .unused([name]))
        #expect(reason(dict)?.description.contains(advice) == true)
    }

    // MARK: - What stands beside

    /// PyTorch's AveragedModel, Lightning's losses, BLIP's other halves.
    @Test(arguments: [
        ("module.", ["n_averaged"]), ("ema_model.module.", ["ema_model.n_averaged"]),
        ("teacher.backbone.", ["criterion.center", "dino_loss.center", "teacher.head.mlp.0.weight"]),
        (
            "visual_encoder.",
            [
                "vision_proj.weight", "text_proj.bias", "itm_head.weight", "temp", "image_queue", "queue_ptr",
                "text_encoder.cls.predictions.bias",
            ]
        ),
        ("trunk.", []), ("_forward_module.", []), ("module._orig_mod.", []), ("module.visual.trunk.", []),
        ("model._fsdp_wrapped_module._checkpoint_wrapped_module.", []), ("net.student.", ["loss_fn.weight"]),
    ])
    func wrappersAndNeighbours(prefix: String, others: [String]) throws {
        var dict = renamed(stateDict(config)) { prefix + $0 }
        for name in others { dict[name] = entry([3]) }
        let model = try recognise(dict)
        #expect(model.report.verdict == .complete, "\(model.report.unexpected)")
        #expect(model.config == config)
        // A counter beside the network stands outside of its wrapper, so not every name begins with that.
        if !others.contains(where: { $0.hasSuffix("n_averaged") }) { #expect(model.report.prefixRemoved == prefix) }
    }

    /// Wrappers inside of names, around single blocks and layers.
    @Test func wrappersAnywhere() throws {
        let dict = renamed(stateDict(config)) {
            "trunk."
                + $0.replacing("blocks.0.", with: "blocks.0._checkpoint_wrapped_module._orig_mod.")
                .replacing(".mlp.fc1", with: ".mlp._fsdp_wrapped_module.fc1")
        }
        let model = try recognise(dict)
        #expect(model.report.verdict == .complete && model.config == config)
    }
}
