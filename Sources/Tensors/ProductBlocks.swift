/// How the product of one linear layer is cut into pieces: some rows of one image times some of the outputs.
///
/// A library adds up a product of other extents in another order, so a number's last bits depend on the extents of the
/// product that it comes from. The cut therefore depends on an image's rows and on the layer's outputs alone: an image
/// has the same bits in any batch, at any place in it, and on any number of threads.
struct ProductBlocks: Sendable {
    let images: Int
    /// Rows of one image.
    let rows: Int
    /// Pieces that an image's rows are cut into, as even as they can be.
    let cuts: Int
    let panels: Int

    /// Rows of a piece at the most: where products are at their best, and an image of a common size is one piece.
    static let rowsPerBlock = 256
    /// Outputs of a panel: a product of fewer slows down, and this many fill the vectors of every processor. In bf16 twice
    /// as many are done in the same time, and rows without gaps between them are best.
    private static func outputsPerPanel(_ outputs: Int, _ precision: Precision) -> Int {
        guard precision == .bf16 else { return 192 }
        return outputs <= 768 ? outputs : 384
    }

    /// The outputs of one panel for a layer of so many.
    static func panelWidth(outputs: Int, precision: Precision) -> Int {
        max(min(outputs, outputsPerPanel(outputs, precision)), 1)
    }

    init(images: Int, rows: Int, panels: Int) {
        self.images = images
        self.rows = rows
        self.panels = panels
        // Two threads share one image evenly: by its panels, or else by its rows where there are many.
        let least = panels % 2 == 1 && rows >= Self.rowsPerBlock / 2 ? 2 : 1
        cuts = max((rows + Self.rowsPerBlock - 1) / Self.rowsPerBlock, least)
    }

    var count: Int { images * cuts * panels }

    /// Piece `index`: rows of all images one after another, and a panel. Pieces of the same rows come one after another.
    func piece(_ index: Int) -> (rows: Range<Int>, panel: Int) {
        let (block, panel) = (index / panels, index % panels)
        let (image, cut) = (block / cuts, block % cuts)
        return (image * rows + rows * cut / cuts..<image * rows + rows * (cut + 1) / cuts, panel)
    }
}
