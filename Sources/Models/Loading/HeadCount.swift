/// How many attention heads a network has, which no shape of a plain ViT tells.
struct HeadCount {
    /// The configuration as far as tensors tell it.
    let config: VisionTransformerConfig
    let layout: CheckpointLayout
    let hints: ModelHints
    let told: ToldFacts
    let choice: ArchitectureChoice
    /// What a shape tells after all: the columns of relative position tables, or JAX's kernels.
    let tableHeads: Int?

    private var embedDim: Int { config.embedDim }

    /// The number of heads, checked.
    func read(report: inout LoadReport) throws(ModelError.Reason) -> Int {
        let heads = try choose(&report)
        guard heads > 0, heads <= embedDim, embedDim % heads == 0 else {
            throw .headsDoNotDivide(numHeads: heads, embedDim: embedDim)
        }
        return heads
    }

    /// What the user says, then the configuration, then the file, then what networks of this width have.
    private func choose(_ report: inout LoadReport) throws(ModelError.Reason) -> Int {
        if let tableHeads {
            if let asked = hints.numHeads, asked != tableHeads {
                throw .headsContradictTable(asked: asked, table: tableHeads)
            }
            return tableHeads
        }
        if let asked = hints.numHeads { return asked }
        if choice.origin == .user, let architecture = choice.architecture {
            if let width = architecture.embedDim, width != embedDim {
                throw .contradiction(
                    field: "arch", asked: "\(architecture.name) (embed_dim \(width))", found: "embed_dim \(embedDim)")
            }
            if let heads = heads(of: architecture) { return heads }
        }
        if let said = told.configuredHeads { return said }
        if choice.origin == .configuration, let architecture = choice.architecture {
            if let heads = heads(of: architecture) { return heads }
            if let width = architecture.embedDim {
                report.assume(
                    "arch",
                    "config.json calls the architecture \(architecture.name), whose width is \(width), and the "
                        + "file's is \(embedDim)")
            }
        }
        if let said = told.fileHeads { return said }
        if let architecture = choice.architecture, let heads = heads(of: architecture) { return heads }
        return try assume(&report)
    }

    /// Nil where the name tells no size, or another than the file's.
    private func heads(of architecture: Architecture) -> Int? {
        guard architecture.embedDim == embedDim else { return nil }
        return layout.heads[embedDim] ?? architecture.numHeads
    }

    private func assume(_ report: inout LoadReport) throws(ModelError.Reason) -> Int {
        let published = (Architecture.standardSizes + [Architecture.so400m]).first { $0.embedDim == embedDim }
        // Of this width there are DINOv2's giant, SigLIP's with 16 heads and AIMv2's with 12, both without a class token.
        let isOpen = embedDim == Architecture.wideGiant.embedDim && !config.classToken
        let heads: Int, why: String
        if let known = layout.heads[embedDim] {
            (heads, why) = (known, "as networks of this width have in \(layout.title)")
        } else if let published, !isOpen {
            (heads, why) = (published.numHeads, "as published networks of width \(embedDim) have")
        } else {
            // Nobody has one head alone.
            guard !isOpen, embedDim % 64 == 0, embedDim > 64 else { throw .unknownHeads(embedDim: embedDim) }
            (heads, why) = (embedDim / 64, "64 numbers a head")
        }
        report.assume(
            "num_heads",
            "num_heads \(heads) is assumed, \(why), as nothing in the file tells it; pass num_heads if that "
                + "is wrong")
        return heads
    }
}
