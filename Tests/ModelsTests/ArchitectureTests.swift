import Foundation
import Models
import TestSupport
import Testing

/// What names of architectures say, against what timm builds for every one of its names.
@Suite struct ArchitectureTests {
    struct Line: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let plain: Bool
        let heads: Int?
        let eps: Float?
        let activation: String?
        let width: Int?
        let finalNorm: Bool?
        let rms: Bool?
        let postNorm: Bool?
        let rope: Rope?

        var testDescription: String { name }
    }

    /// [base, whether columns come first, whether halves are paired, offset, [rows, columns] of the reference or []].
    struct Rope: Decodable, Sendable {
        let base: Float
        let columnsFirst: Bool
        let pairsHalves: Bool
        let offset: Float
        let reference: [Int]

        init(from decoder: any Decoder) throws {
            var values = try decoder.unkeyedContainer()
            base = try values.decode(Float.self)
            columnsFirst = try values.decode(Bool.self)
            pairsHalves = try values.decode(Bool.self)
            offset = try values.decode(Float.self)
            reference = try values.decode([Int].self)
        }
    }

    /// Whether `rotation` is what timm builds. Where a class token moves the first step, the file tells it.
    private func check(_ rotation: Architecture.Rotation, _ rope: Rope?, _ name: String) {
        guard let rope else { return #expect(rotation == .none, "\(name)") }
        guard case .by(let found) = rotation else { return #expect(Bool(false), "\(name) is not turned") }
        #expect(found.base == rope.base && (found.axes == .columnsFirst) == rope.columnsFirst, "\(name)")
        #expect((found.pairs == .halves) == rope.pairsHalves, "\(name)")
        #expect(found.reference.map { [$0.rows, $0.cols] } ?? [] == rope.reference, "\(name)")
    }

    static func lines() throws -> [Line] {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(
            [Line].self, from: Data(contentsOf: URL(fileURLWithPath: fixture("models/timm_architectures.json"))))
    }

    @Test func everyPlainNameIsKnownAndNoOther() throws {
        for line in try Self.lines() {
            switch Architecture.read(line.name) {
            case .plain(let architecture):
                #expect(line.plain, "\(line.name) is taken for a plain network")
                #expect(architecture.numHeads == line.heads, "\(line.name)")
                #expect(architecture.embedDim == line.width, "\(line.name)")
                #expect(architecture.eps == line.eps, "\(line.name)")
                // A gate is told by shapes, and its SiLU with it.
                if line.activation != "silu" {
                    #expect(architecture.activation.rawValue == line.activation, "\(line.name)")
                }
                #expect((architecture.norm == .rms) == line.rms, "\(line.name)")
                #expect(architecture.postNorm == line.postNorm, "\(line.name)")
                check(architecture.rotation, line.rope, line.name)
                if let finalNorm = line.finalNorm { #expect(architecture.hasFinalNorm == finalNorm, "\(line.name)") }
            case .refused, .unknown: #expect(!line.plain, "\(line.name) is refused")
            }
        }
    }

    /// The networks of timm that compute otherwise are refused with their own reason.
    @Test func othersAreRefusedByReason() throws {
        for line in try Self.lines() where !line.plain {
            guard case .refused(let why) = Architecture.read(line.name) else {
                Issue.record("\(line.name) has no reason")
                continue
            }
            #expect(why.count > 10)
        }
    }

    @Test(arguments: [
        ("vit_small", 384, 6), ("vit_base_patch16_224.mae", 768, 12), ("mae_vit_large_patch16", 1024, 16),
        ("mae_vit_huge_patch14", 1280, 16), ("dinov2_vits14", 384, 6), ("dinov2_vitg14_reg4", 1536, 24),
        ("vit_giant2", 1536, 24), ("vit_conv_small", 384, 6), ("deit_base_patch16_LS", 768, 12),
        ("beit_base_patch16_224_8k_vocab", 768, 12), ("VIT-Base-Patch16-224", 768, 12), ("deit_small_p16", 384, 6),
    ])
    func researchNames(name: String, width: Int, heads: Int) {
        guard case .plain(let found) = Architecture.read(name) else {
            Issue.record("\(name) is not known")
            return
        }
        #expect(found.embedDim == width && found.numHeads == heads)
    }

    @Test(arguments: [
        "", ".", "_", "resnet50", "base_patch16_224", "vit_base_patch16_mystery_224", "my_vit_base", "vit_basis",
        "vitamin", "patch16", "224", "clip", "vit_base_patch99999999999999999999",
    ])
    func namesThatNobodyKnows(name: String) { #expect(Architecture.read(name) == .unknown) }

    @Test func sidesInNames() {
        guard case .plain(let found) = Architecture.read("vit_base_patch16_384") else { return #expect(Bool(false)) }
        #expect(found.imgSize == 384)
        guard case .plain(let other) = Architecture.read("vit_base_patch16") else { return #expect(Bool(false)) }
        #expect(other.imgSize == nil)
    }
}
