import Checkpoints
import Models
import Platform
import Tensors
import TestSupport
import Testing

/// Checkpoints of every layout in which one tensor has a shape that no real one has. Each is read or refused with a
/// sentence; arithmetic on its extents would end the process.
@Suite struct HostileShapeTests {
    /// A file may give extents of any size beside one of nothing, as long as their product has 63 bits.
    private static let shapes: [[Int]] = [
        [], [0], [1], [1 << 47, 0], [1, 0, 1 << 47], [1 << 40, 1 << 20, 0], [0, 1, 1 << 20, 1 << 40],
    ]

    /// One of each way in which layouts differ.
    private static let files = [
        "timm_vit.safetensors", "timm_beit.pth", "timm_gap.pth", "dinov2_giant_chunked.pth",
        "dino_vitsmall4_pretrain.pth",
        "hf_beit", "hf_dinov2_with_registers", "ijepa.pth.tar", "jax.npz", "mae_train.pth", "moco_v3_conv.pth.tar",
        "simmim_pretrain.pth",
    ]

    @Test(arguments: files) func oneShapeIsWrong(_ file: String) throws {
        let checkpoint = try Checkpoint.open(fixture("models/files/\(file)"))
        let dicts = checkpoint.stateDicts()
        let (path, dict) = try #require(dicts.max(by: { $0.dict.names.count < $1.dict.names.count }))
        var hints = ModelHints()
        hints.numHeads = 3
        hints.fileName = file
        // Blocks are alike, so the first of them stands for all.
        let names = dict.names.filter { !$0.contains(#/\.(?:[1-9]|\d\d)\./#) }
        #expect(names.count > 5)
        for name in names {
            for shape in Self.shapes {
                var hostile = dict
                let count = shape.reduce(1) { $0 * min($1, 1 << 20) }
                hostile[name] = StateDict.Entry(
                    dtype: .f32, shape: shape,
                    bytes: Bytes([UInt8](repeating: 0, count: shape.contains(0) ? 0 : count * 4)))
                do throws(ModelError) {
                    let found = try KeyMap.recognise([(path, hostile)], hints: hints)
                    _ = try? VisionTransformer(config: found.config, stateDict: found.stateDict)
                } catch {
                    #expect(error.description.utf8.count > 20, "\(file): \(name) \(shape)")
                }
            }
        }
    }
}
