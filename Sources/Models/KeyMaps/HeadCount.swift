/// How many attention heads a network has, which no shape of a plain ViT tells.
struct HeadCount {
    let embedDim: Int
    let layout: Layout
    let hints: ModelHints
    /// What a shape tells after all: the columns of relative position tables, or JAX's kernels.
    let tableHeads: Int?

    /// The number of heads, checked.
    func read(report: inout LoadReport) throws(ModelError.Reason) -> Int {
        let heads = try choose(&report)
        guard heads > 0, heads <= embedDim, embedDim % heads == 0 else {
            throw .headsDoNotDivide(numHeads: heads, embedDim: embedDim)
        }
        return heads
    }

    private func choose(_ report: inout LoadReport) throws(ModelError.Reason) -> Int {
        if let tableHeads {
            if let asked = hints.numHeads, asked != tableHeads {
                throw .headsContradictTable(asked: asked, table: tableHeads)
            }
            return tableHeads
        }
        if let asked = hints.numHeads { return asked }
        if let arch = hints.arch {
            guard let size = ArchName(arch) else {
                throw .contradiction(
                    field: "arch", asked: arch,
                    found: "nothing of it; known are names such as vit_small or vit_base_patch16_224")
            }
            guard size.embedDim == embedDim else {
                throw .contradiction(
                    field: "arch", asked: "\(arch) (embed_dim \(size.embedDim))", found: "embed_dim \(embedDim)")
            }
            return heads(of: size)
        }
        if let said = hints.fileHeads { return said }
        if let size = hints.fileArch.flatMap(ArchName.init), size.embedDim == embedDim { return heads(of: size) }
        if let size = ArchName.sizes.first(where: { $0.embedDim == embedDim }) {
            return heads(of: size)
        }
        guard embedDim % 64 == 0 else { throw .unknownHeads(embedDim: embedDim) }
        report.notes.append(
            "num_heads \(embedDim / 64) is assumed, 64 numbers a head, as nothing in the file tells it; "
                + "pass num_heads if that is wrong")
        return embedDim / 64
    }

    /// MoCo v3's small ViT has twelve heads, everybody else's six.
    private func heads(of size: ArchName) -> Int {
        layout == .mocoV3 && size.embedDim == 384 ? 12 : size.numHeads
    }
}

/// The size that a name such as `vit_small`, `deit_base_patch16_224` or `mae_vit_large_patch16` stands for.
struct ArchName {
    let word: String
    let embedDim: Int
    let depth: Int
    let numHeads: Int
    /// The number at the end of a timm name, pixels.
    var imgSize: Int?
    var patchSize: Int?

    /// Widths, depths and heads as published (Dosovitskiy et al. 2021; Zhai et al. 2022; DINOv2's giant).
    static let sizes = [
        ArchName("tiny", 192, 12, 3), ArchName("small", 384, 12, 6), ArchName("base", 768, 12, 12),
        ArchName("large", 1024, 24, 16), ArchName("huge", 1280, 32, 16), ArchName("giant", 1408, 40, 16),
        ArchName("giant", 1536, 40, 24), ArchName("gigantic", 1664, 48, 16),
    ]

    private init(_ word: String, _ embedDim: Int, _ depth: Int, _ numHeads: Int) {
        self.word = word
        self.embedDim = embedDim
        self.depth = depth
        self.numHeads = numHeads
    }

    init?(_ name: String) {
        let words = name.lowercased().split(whereSeparator: { $0 == "_" || $0 == "." || $0 == "-" }).map(String.init)
        let letters = ["vits": "small", "vitb": "base", "vitl": "large", "vitg": "giant"]
        let found = words.compactMap { word in
            let known = letters[String(word.prefix(4))] ?? word
            // DINOv2's giant is wider than Google's; only DINOv2's names or patch size 14 tell.
            let wide = known == "giant" && (name.contains("dinov2") || word != known)
            return Self.sizes.last { $0.word == known && (known != "giant" || wide == ($0.embedDim == 1536)) }
        }
        guard var size = found.first else { return nil }
        size.patchSize = words.first { $0.hasPrefix("patch") }.flatMap { Int($0.dropFirst(5)) }
        size.imgSize = words.compactMap { Int($0) }.last { (64...2048).contains($0) }
        self = size
    }
}
