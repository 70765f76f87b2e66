import Tensors

/// The tensor that a network's rotary positions are made of, where the file has one: its place in the layout.
package struct RotaryParameters: Sendable {
    let rope: RotaryEmbedding
    /// `rope.periods` (d/4) or `rope.freqs` (2, depth, numHeads, d/2).
    let numbers: Parameter?

    init?(_ config: VisionTransformerConfig, in layout: inout ParameterLayout) {
        guard let rope = config.rope else { return nil }
        self.rope = rope
        numbers =
            switch rope.frequencies {
            case .computed, .tubelets: nil
            case .stored: layout.add("rope.periods", [config.headDim / 4])
            case .mixed: layout.add("rope.freqs", [2, config.depth, config.numHeads, config.headDim / 2])
            }
    }

    /// The turning of every block: one for all, or one for each.
    func rotations<E: Error>(
        _ config: VisionTransformerConfig, numbers read: (Parameter) throws(E) -> Tensor
    ) throws(E) -> [RotaryTables] {
        guard let numbers else { return rope.rotations(config, numbers: nil) }
        return rope.rotations(config, numbers: try read(numbers))
    }
}
