import Tensors
import Testing
import Training

@Suite struct ParameterGroupTests {
    static let layout: ParameterLayout = {
        var layout = ParameterLayout()
        for (name, shape) in [
            ("cls_token", [1, 1, 8]), ("pos_embed", [1, 5, 8]), ("mask_token", [1, 1, 8]),
            ("patch_embed.proj.weight", [8, 12]), ("patch_embed.proj.bias", [8]),
            ("rel_pos_bias.relative_position_bias_table", [12, 2]), ("blocks.0.norm1.weight", [8]),
            ("blocks.0.attn.qkv.weight", [24, 8]), ("blocks.0.attn.qkv.bias", [24]), ("blocks.11.ls1.gamma", [8]),
            ("norm.weight", [8]), ("head.weight", [10, 8]), ("head.bias", [10]),
        ] { _ = layout.add(name, shape) }
        return layout
    }()

    func decaying(_ rule: DecayRule) -> Set<String> {
        Set(Self.layout.parameters.filter(rule.decays).map(\.name))
    }

    @Test func decayRulesAreTheRecipes() {
        let matrices: Set<String> = [
            "mask_token", "patch_embed.proj.weight", "rel_pos_bias.relative_position_bias_table",
            "blocks.0.attn.qkv.weight", "head.weight",
        ]
        #expect(decaying(.all).count == Self.layout.parameters.count)
        #expect(decaying(.simMIM) == matrices)
        #expect(decaying(.oneDimensional) == matrices.union(["cls_token", "pos_embed"]))
    }

    /// The scales of a decay of 0.65 over twelve blocks, multiplied out.
    @Test func layerDecayHasTheGoldenScales() {
        let decay = LayerDecay(rate: 0.65, depth: 12)
        let expected = [
            0.00369721, 0.00568801, 0.00875078, 0.0134627, 0.0207119, 0.0318645, 0.0490223, 0.0754189, 0.116029,
            0.178506, 0.274625, 0.4225, 0.65, 1,
        ]
        let names = ["patch_embed.proj.weight"] + (0..<12).map { "blocks.\($0).attn.qkv.weight" } + ["head.weight"]
        for (name, expected) in zip(names, expected) {
            #expect(abs(decay.scale(of: name) - expected) < 1e-5 * expected, "\(name)")
        }
        for name in ["norm.weight", "fc_norm.bias", "rel_pos_bias.relative_position_bias_table"] {
            #expect(decay.scale(of: name) == 1)
        }
        for name in ["cls_token", "mask_token", "pos_embed"] { #expect(decay.id(of: name) == 0) }
    }

    @Test func groupsHoldEveryTrainedParameterOnce() {
        let groups = ParameterGroup.groups(
            of: Self.layout, frozen: ["pos_embed"], weightDecay: 0.05, rule: .simMIM,
            layerDecay: LayerDecay(rate: 0.65, depth: 12))
        let names = groups.flatMap { $0.parameters.map(\.name) }
        #expect(Set(names).count == names.count)
        #expect(Set(names) == Set(Self.layout.parameters.map(\.name)).subtracting(["pos_embed"]))
        #expect(Set(groups.map(\.weightDecay)) == [0, 0.05])
    }
}
