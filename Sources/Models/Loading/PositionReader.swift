import Platform
import Tensors

/// Finds the grid that a file's positions were made for, and brings them to the grid that is wanted.
struct PositionReader {
    let hints: ModelHints
    let told: ToldFacts
    let layout: CheckpointLayout
    let choice: ArchitectureChoice
    /// Its input size is set here.
    var config: VisionTransformerConfig

    /// Rows of `pos_embed` before the patches'.
    private var leadingRows = 0
    private var source: GridSize?

    init(
        config: VisionTransformerConfig, hints: ModelHints, told: ToldFacts, layout: CheckpointLayout,
        choice: ArchitectureChoice
    ) {
        self.choice = choice
        self.config = config
        self.hints = hints
        self.told = told
        self.layout = layout
    }

    /// Decides the input size, resamples the tables of `draft`, and returns the finished configuration.
    mutating func apply(to draft: inout Draft, report: inout LoadReport) throws(ModelError.Reason)
        -> VisionTransformerConfig
    {
        try readSource(draft)
        config.imgSize = try wantedSize(&report)
        tellOtherSizes(&report)
        if config.posEmbed != .none { try resamplePositions(&draft, &report) }
        if config.relPos != .none { try resampleTables(&draft, &report) }
        return config
    }

    // MARK: - The file's grid

    private mutating func readSource(_ draft: Draft) throws(ModelError.Reason) {
        if config.posEmbed != .none, let shape = draft.shape("pos_embed") {
            let name = draft.fileName("pos_embed")
            guard shape.count == 3, shape[0] == 1, shape[2] == config.embedDim, shape[1] > 0 else {
                throw .shape(
                    name: name, expected: [1, max(shape.dropFirst().first ?? 1, 1), config.embedDim], found: shape)
            }
            (leadingRows, source) = try positionGrid(rows: shape[1], name: name)
        }
        if config.relPos != .none {
            let tables = draft.names.filter { $0.hasSuffix("relative_position_bias_table") }
            guard let name = tables.first, let shape = draft.shape(name) else { return }
            guard shape.count == 2, shape[0] > 3 else {
                throw .shape(name: draft.fileName(name), expected: [732, config.numHeads], found: shape)
            }
            let grid = try tableGrid(rows: shape[0] - 3, name: draft.fileName(name))
            if let source, source != grid {
                throw .shape(
                    name: draft.fileName(name), expected: [RelativePositionBias.entries(source), config.numHeads],
                    found: shape)
            }
            source = grid
        }
    }

    /// How many rows of a position table come before the patches', and the patches' grid.
    private func positionGrid(rows: Int, name: String) throws(ModelError.Reason) -> (leading: Int, GridSize) {
        let special = config.numSpecialTokens
        // With the special tokens' rows, patches only, or with the registers' rows too (timm).
        var leading = [special]
        for other in [0, special + config.numRegisters] where !leading.contains(other) { leading.append(other) }
        for grid in knownGrids {
            if let rowsBefore = leading.first(where: { rows - $0 == grid.count }), grid.rows != grid.cols {
                return (rowsBefore, grid)
            }
        }
        let asked = hints.imgSize?.grid(config.patchSize)
        for rowsBefore in leading where rows > rowsBefore {
            if let side = exactSquareRoot(rows - rowsBefore) { return (rowsBefore, GridSize(rows: side, cols: side)) }
            if let asked, rows - rowsBefore == asked.count { return (rowsBefore, asked) }
        }
        throw .gridUnknown(name: name, count: max(rows - special, 0))
    }

    private func tableGrid(rows: Int, name: String) throws(ModelError.Reason) -> GridSize {
        let entries = { (grid: GridSize) in RelativePositionBias.entries(grid) - 3 }
        if let grid = knownGrids.first(where: { $0.rows != $0.cols && entries($0) == rows }) { return grid }
        if let side = exactSquareRoot(rows), side % 2 == 1 {
            return GridSize(rows: (side + 1) / 2, cols: (side + 1) / 2)
        }
        if let asked = hints.imgSize?.grid(config.patchSize), asked.count > 0, entries(asked) == rows { return asked }
        throw .gridUnknown(name: name, count: rows)
    }

    /// The grids of the input sizes that the file names.
    private var knownGrids: [GridSize] {
        told.imageSizes.map { $0.grid(config.patchSize) }.filter { $0.count > 0 }
    }

    private func exactSquareRoot(_ count: Int) -> Int? {
        guard let root = Int(rounding: Double(count).squareRoot(), .toNearestOrAwayFromZero), root * root == count
        else {
            return nil
        }
        return root
    }

    // MARK: - The wanted grid

    private func wantedSize(_ report: inout LoadReport) throws(ModelError.Reason) -> ImageSize {
        let patch = config.patchSize
        var size: ImageSize
        if let asked = hints.imgSize {
            size = asked
        } else if let side = hints.arch.flatMap(Self.namedSize) {
            size = ImageSize(height: side, width: side)
        } else if let source, !layout.hasLargerTable {
            size = ImageSize(height: source.rows * patch, width: source.cols * patch)
        } else if let said = told.imageSizes.first {
            size = said
        } else if let side = layout.imgSize,
            layout.hasLargerTable || config.posEmbed == .none && config.relPos == .none
        {
            let near = max(1, side / patch) * patch
            size = ImageSize(height: near, width: near)
            report.assume(
                "img_size",
                "img_size \(near) is assumed, as nothing in the file tells it and its positions fit any; pass img_size "
                    + "for another")
        } else {
            throw .imgSizeUnknown
        }
        guard size.height > 0, size.width > 0, size.height % patch == 0, size.width % patch == 0 else {
            throw .imgSizeNotMultiple(size, patchSize: patch)
        }
        let count = size.grid(patch).count
        guard count <= ModelLimits.patches else {
            throw .tooLarge(what: "the number of patches", value: count, limit: ModelLimits.patches)
        }
        return size
    }

    /// Says which size was taken where configuration and preprocessing have others.
    ///
    /// A told size of the same patches with pixels over is taken: what the network sees is cut out of it, and is another
    /// image than one of its patches alone.
    private mutating func tellOtherSizes(_ report: inout LoadReport) {
        guard hints.imgSize == nil, hints.arch.flatMap(Self.namedSize) == nil else { return }
        var told = told.configuredImageSizes.map { (place: "\($0.place) of config.json", size: $0.size) }
        if let prepared = hints.preparedSize { told.append(("preprocessor_config.json", prepared)) }
        guard let other = told.first(where: { $0.size != config.imgSize }) else { return }
        let taken = config.imgSize, grid = config.grid, patch = config.patchSize
        guard other.size.grid(patch) != grid else {
            config.imgSize = other.size
            report.notes.append(
                "the images are \(other.size) by \(other.place), which is no multiple of the patch size \(patch): the "
                    + "network leaves the pixels beyond the last patch out")
            return
        }
        let fits = other.size.height % patch == 0 && other.size.width % patch == 0
        let name = other.size.height == other.size.width ? "\(other.size.height)" : "\(other.size)"
        report.assume(
            "img_size",
            "img_size \(taken) is taken, a grid of \(grid.rows)×\(grid.cols), as "
                + (source == nil || layout.hasLargerTable
                    ? "the configuration says" : "the positions in the file are for")
                + "; \(other.place) says \(other.size)"
                + (fits ? ": pass img_size \(name) for that" : ", which is no multiple of the patch size \(patch)"))
    }

    /// The size in a name that the user gives.
    private static func namedSize(_ arch: String) -> Int? {
        if case .plain(let architecture) = Architecture.read(arch) { architecture.imgSize } else { nil }
    }

    // MARK: - Resampling

    private mutating func resamplePositions(_ draft: inout Draft, _ report: inout LoadReport) throws(ModelError.Reason)
    {
        guard let source, let entry = try draft.entry("pos_embed") else { return }
        let special = config.numSpecialTokens, width = config.embedDim, target = config.grid
        config.posEmbed = leadingRows == 0 && special > 0 ? .patches : .all
        let foldsRegisters = leadingRows > special
        guard foldsRegisters || source != target else { return }
        guard source.count <= ModelLimits.patches else {
            throw .tooLarge(what: "the number of positions", value: source.count, limit: ModelLimits.patches)
        }
        let rows = entry.tensor().reshaped([entry.shape[1], width])
        if foldsRegisters {
            try addPositions(rows.rows(special..<leadingRows), toRegistersOf: &draft)
            report.notes.append("the registers' positions were added to the registers")
        }
        var grid = rows.rows(leadingRows..<rows.shape[0])
        var how = "the registers' rows were added to the registers"
        if source != target {
            let named = layout.hasLargerTable ? choice.architecture?.resampling : nil
            let resampling = named ?? layout.resampling(config.numRegisters)
            if named == nil, resampling == .bilinearCorners {
                report.assume(
                    "arch",
                    "positions are resampled from corner to corner, as most of RADIO's networks do; pass arch, such as "
                        + "vit_large_patch16_radio_v3, for one that does not")
            }
            grid = resampling.apply(to: grid.reshaped([source.rows, source.cols, width]), size: target)
                .reshaped([target.count, width])
            how = resampling.description
        }
        let leading = rows.rows(0..<min(leadingRows, special))
        let table = Tensor.concatenating([leading, grid])
        let result = StateDict.Entry(table.reshaped([1] + table.shape))
        report.reshaped.append(.init(name: "pos_embed", from: entry.shape, to: result.shape, how: how))
        draft.set("pos_embed", to: result)
    }

    /// timm without `no_embed_class` adds positions to registers too; here registers have none of their own.
    private func addPositions(_ rows: Tensor, toRegistersOf draft: inout Draft) throws(ModelError.Reason) {
        guard let entry = try draft.entry("reg_token"), entry.count == rows.count else {
            throw .shape(
                name: draft.fileName("reg_token"), expected: [1] + rows.shape, found: draft.shape("reg_token") ?? [])
        }
        let numbers = zip(entry.tensor().array, rows.array).map { $0 + $1 }
        draft.set("reg_token", to: StateDict.Entry(Tensor(shape: [1] + rows.shape, numbers)))
    }

    private func resampleTables(_ draft: inout Draft, _ report: inout LoadReport) throws(ModelError.Reason) {
        guard let source, source != config.grid else { return }
        for name in draft.names where name.hasSuffix("relative_position_bias_table") {
            guard let entry = try draft.entry(name) else { continue }
            let expected = [RelativePositionBias.entries(source), config.numHeads]
            guard entry.shape == expected else {
                throw .shape(name: draft.fileName(name), expected: expected, found: entry.shape)
            }
            let result = StateDict.Entry(
                layout.relativeResampling.apply(to: entry.tensor(), from: source, to: config.grid))
            report.reshaped.append(
                .init(name: name, from: entry.shape, to: result.shape, how: layout.relativeResampling.rawValue))
            draft.set(name, to: result)
        }
    }
}

extension ImageSize: CustomStringConvertible {
    public var description: String { "\(height)×\(width)" }
}
