import Foundation
import Models
import Platform
import Tensors
import TestSupport
import Testing

/// The registry of layouts: what one declares is all that is needed, and the README says what is declared.
@Suite struct CheckpointLayoutsTests: KeyMapSuite {
    /// Everything that a layout may declare, under names that nobody has.
    private static let toy = CheckpointLayout(
        "toy", title: "Toy", reads: "its folders", scheme: toyScheme,
        names: [.tensor("tower.layer_#.attn.in.weight|bias", "blocks.#.attn.qkv.$")],
        beside: [.ignore("words.**", "a tower that reads words")],
        doubts: [
            .network("Toy's and Puzzle's, which turns queries by place", arch: "toybox_small_patch4_16") {
                $0.config.normPre
            }
        ],
        signs: [LayoutSign(.own) { $0.holds("class_embedding") }],
        families: ["toybox"], modelTypes: ["toy_vision": 1e-3],
        told: ToldPlaces(
            heads: [.config("tower.heads")], eps: [.config("tower.eps")], activation: [.config("tower.act")],
            imgSize: [.config("tower.side")]),
        eps: 1e-3, heads: [384: 4], parts: { _ in LayoutParts(qkvBias: true) },
        resampling: { _ in .bicubicOffset(0.1) },
        images: ImageStatistics(mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.2]))

    private static let toyScheme = NameScheme(
        "toy", roots: [NameRoot("tower.layer_#.**", isBlock: true), NameRoot("class_embedding")],
        names: [
            .tensor("class_embedding", "cls_token"), .tensor("places", "pos_embed"),
            .tensor("conv.kernel", "patch_embed.proj.weight"), .tensor("conv.bias", "patch_embed.proj.bias"),
            .tensor("last.weight|bias", "norm.$"), .tensor("first.weight|bias", "norm_pre.$"),
            .tensor("tower.layer_#.ln_1.weight|bias", "blocks.#.norm1.$"),
            .tensor("tower.layer_#.ln_2.weight|bias", "blocks.#.norm2.$"),
            .tensor("tower.layer_#.attn.out.kernel", "blocks.#.attn.proj.weight", view: .transposed),
            .tensor("tower.layer_#.attn.out.bias", "blocks.#.attn.proj.bias"),
            .tensor("tower.layer_#.up.weight|bias", "blocks.#.mlp.fc1.$"),
            .tensor("tower.layer_#.down.weight|bias", "blocks.#.mlp.fc2.$"),
        ],
        strays: ["tower.**"], isShared: true)

    private static let layouts = CheckpointLayouts(CheckpointLayouts.standard.all + [toy])

    /// `config`'s tensors as Toy names them.
    private func toyDict(_ config: VisionTransformerConfig) -> StateDict {
        let words = [
            ("cls_token", "class_embedding"), ("pos_embed", "places"), ("patch_embed.proj.weight", "conv.kernel"),
            ("patch_embed.proj.bias", "conv.bias"), (".norm1.", ".ln_1."), (".norm2.", ".ln_2."),
            (".attn.qkv.", ".attn.in."), (".attn.proj.weight", ".attn.out.kernel"), (".attn.proj.", ".attn.out."),
            (".mlp.fc1.", ".up."), (".mlp.fc2.", ".down."), ("blocks.", "tower.layer_"), ("norm_pre.", "first."),
        ]
        return renamed(stateDict(config)) { name in
            let toy = words.reduce(name) { $0.replacing($1.0, with: $1.1) }
            return "vision." + (toy.hasPrefix("norm.") ? "last." + toy.dropFirst(5) : toy)
        }
    }

    private func recognise(_ dict: StateDict, _ hints: ModelHints) throws(ModelError) -> RecognisedModel {
        try KeyMap.recognise([(["model"], dict)], hints: hints, layouts: Self.layouts)
    }

    @Test func aLayoutIsFoundByItsDeclarationAlone() throws {
        #expect(throws: ModelError.self) { try KeyMap.recognise([(["model"], toyDict(config))]) }
        var dict = toyDict(config), hints = ModelHints()
        dict["vision.words.0.weight"] = entry([3, 3])
        dict["words.1.weight"] = entry([3, 3])
        hints.config = ["tower.heads": .int(3), "model_type": .string("toy_vision")]
        let model = try recognise(dict, hints)
        var expected = config
        expected.eps = 1e-3
        #expect(model.config == expected)
        #expect(model.report.recognisedAs == Self.toy && model.report.verdict == .complete)
        #expect(model.report.prefixRemoved == "vision.")
        #expect(model.report.ignored.map(\.name) == ["vision.words.0.weight", "words.1.weight"])
        #expect(Set(model.report.ignored.map(\.why)) == ["a tower that reads words"])
        #expect(model.report.recognisedAs?.images?.mean == [0.5, 0.4, 0.3])
    }

    @Test func whatALayoutKnowsOfItsNetworksCounts() throws {
        let small = VisionTransformerConfig(
            imgSize: ImageSize(height: 16, width: 16), patchSize: 4, embedDim: 384, depth: 1, numHeads: 4,
            mlpHidden: 48)
        #expect(try recognise(toyDict(small), ModelHints()).config.numHeads == 4)
        var hints = threeHeads
        hints.imgSize = ImageSize(height: 24, width: 24)
        let larger = try recognise(toyDict(config), hints)
        #expect(larger.report.reshaped.map(\.how) == [GridResampling.bicubicOffset(0.1).description])
        #expect(larger.report.assumptions.contains { $0.sentence.contains("files of toy usually have") })
        hints.config = ["tower.eps": .double(0.01), "tower.act": .string("relu")]
        #expect(throws: ModelError.self) { try recognise(toyDict(config), hints) }
        hints.config["tower.act"] = .string("gelu")
        #expect(try recognise(toyDict(config), hints).config.eps == 0.01)
        var bare = toyDict(config)
        for name in bare.names where name.hasSuffix("in.bias") { bare[name] = nil }
        #expect(throws: ModelError.self) { try recognise(bare, threeHeads) }
    }

    @Test func namesOfALayoutAreRefusedWithItsReason() throws {
        var dict = toyDict(config)
        dict["vision.tower.layer_0.spin"] = entry([24])
        func reason(_ dict: StateDict) -> ModelError.Reason? {
            do {
                _ = try recognise(dict, threeHeads)
                return nil
            } catch { return error.reason }
        }
        #expect(reason(dict) == .unused(["vision.tower.layer_0.spin"]))
        var normed = config
        normed.normPre = true
        guard case .untold("arch", let sentence)? = reason(toyDict(normed)) else {
            Issue.record("a doubt was not told")
            return
        }
        #expect(sentence.contains("Puzzle") && sentence.contains("toybox_small_patch4_16"))
    }

    @Test func namesOfArchitecturesComeFromLayouts() {
        #expect(Architecture.read("toybox_small_patch4_16") == .unknown)
        guard case .plain(let found) = Architecture.read("toybox_small_patch4_16", Self.layouts) else {
            Issue.record("a family of a layout is not known")
            return
        }
        #expect(found.embedDim == 384)
        // A word that is refused without a layout is not where there is one.
        let rotating = CheckpointLayouts([
            CheckpointLayout(
                "rotating", title: "Rotating", reads: "nothing", scheme: .timm, signs: [LayoutSign(.plain)],
                families: ["xp"])
        ])
        guard case .refused = Architecture.read("xp_base_patch16_224"),
            case .plain = Architecture.read("xp_base_patch16_224", rotating)
        else {
            Issue.record("a layout does not lift a refusal")
            return
        }
    }

    @Test func aSurerSignGoesBeforeAnEarlierLayout() throws {
        let weak = CheckpointLayout(
            "weak", title: "Weak", reads: "nothing", scheme: .timm, signs: [LayoutSign(.trace)])
        let strong = CheckpointLayout(
            "strong", title: "Strong", reads: "nothing", scheme: .timm,
            signs: [LayoutSign(.arguments) { $0.hints.fields["strong"] != nil }])
        let both = CheckpointLayouts([weak, strong])
        var hints = threeHeads
        func name() throws -> String? {
            try KeyMap.recognise([([], stateDict(config))], hints: hints, layouts: both).report.recognisedAs?.name
        }
        #expect(try name() == "weak")
        hints.fields["strong"] = .bool(true)
        #expect(try name() == "strong")
    }

    /// Every layout has a row of the README's table, in the order of the registry.
    @Test func theReadmeNamesEveryLayout() throws {
        let readme = try String(contentsOf: repository.appendingPathComponent("README.md"), encoding: .utf8)
        let rows = readme.split(separator: "\n").drop { $0 != "| recognised as | source | which files |" }
            .dropFirst(2).prefix { $0.hasPrefix("|") }
        let expected = CheckpointLayouts.standard.all.map { "| `\($0.name)` | \($0.title) | \($0.reads) |" }
        #expect(rows.map(String.init) == expected)
    }

    /// Every layout has a checkpoint that the real library wrote.
    @Test func everyLayoutHasAFixture() throws {
        let known = Set(try ReferenceCase.all().map(\.expect.recognisedAs))
        #expect(known.isSuperset(of: CheckpointLayouts.standard.all.map(\.name)))
    }
}
