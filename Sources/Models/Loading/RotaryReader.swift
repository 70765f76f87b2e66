/// How a network turns queries and keys by the places of their patches, which few tensors tell.
struct RotaryReader {
    let hints: ModelHints
    let told: ToldFacts
    let layout: CheckpointLayout
    let choice: ArchitectureChoice

    /// What the user says, then the file's own words, then the name of the architecture, then what networks of these names
    /// do.
    func read(
        _ config: VisionTransformerConfig, _ draft: Draft, report: inout LoadReport
    ) throws(ModelError.Reason) -> RotaryEmbedding? {
        let stored = ["rope.periods", "rope.freqs"].filter(draft.has)
        if let shape = draft.shape("rope.freqs"), shape.count != 4 { throw .unused([draft.fileName("rope.freqs")]) }
        var (found, why) = try choose(config, stored)
        if !hints.isOwn, found?.axes == .columnsFirst, found?.base == RotaryEmbedding.perceptionEncoder.base {
            // Perception Encoder counts from 1 where a class token stands before the patches.
            found?.offset = config.classToken ? 1 : 0
        }
        if stored.contains("rope.periods") { found?.frequencies = .stored }
        guard let rope = found else {
            if !stored.isEmpty { throw .unused(stored.map(draft.fileName)) }
            return nil
        }
        guard (rope.frequencies == .mixed) == stored.contains("rope.freqs") else {
            if rope.frequencies == .mixed { throw .missing(["rope.freqs"]) }
            throw .unused([draft.fileName("rope.freqs")])
        }
        report.notes.append("queries and keys are turned by place (RoPE) \(rope), \(why)")
        if choice.architecture == nil, hints.rope == nil, !hints.isOwn {
            report.assume(
                "rope",
                "queries and keys are turned by place as in \(layout.title); pass rope if that is wrong")
        }
        return rope
    }

    private func choose(
        _ config: VisionTransformerConfig, _ stored: [String]
    ) throws(ModelError.Reason) -> (RotaryEmbedding?, why: String) {
        if let asked = hints.rope { return (asked.embedding, "as asked for") }
        if hints.isOwn { return (try told.rope.map(RotaryEmbedding.init(own:)), "by the file's own words") }
        let usual = stored.contains("rope.freqs") ? .ropeViTMixed : layout.rotation(hints, config)
        guard let architecture = choice.architecture, architecture.rotation != .byLayout else {
            return (usual, "as networks with these names do")
        }
        if case .by(let known) = architecture.rotation {
            return (known, "as the architecture \(architecture.name.clipped) does")
        }
        guard usual == nil, stored.isEmpty else {
            throw .contradiction(
                field: "arch", asked: architecture.name,
                found: "names of a network that turns queries and keys by place (RoPE)")
        }
        return (nil, "")
    }

    /// Whether the heads can be turned.
    static func check(_ rope: RotaryEmbedding, _ config: VisionTransformerConfig) throws(ModelError.Reason) {
        guard config.headDim % rope.divisor == 0 else {
            throw .unsupported("heads of \(config.headDim) numbers cannot be turned by place; pass another num_heads")
        }
    }
}
