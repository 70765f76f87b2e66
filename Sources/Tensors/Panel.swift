import CKernels
import Platform

/// The factor on the right of products in f32, brought into the order that the kernel reads; it serves any number of rows
/// and threads.
///
/// A number of a product is one sum in the order of its terms: it has the same bits however rows and columns are cut.
struct Panel {
    /// Where its numbers lie, `count(rows:columns:)` of them.
    let numbers: Source
    /// Terms of each sum.
    let rows: Int
    let columns: Int

    /// What the sums of a product start from.
    enum Start {
        case zero
        /// One number for each column.
        case bias(Source)
        /// What is there already.
        case target
    }

    /// Numbers that a panel takes.
    static func count(rows: Int, columns: Int) -> Int { panel_count(rows, columns) }

    /// A panel that has been made at `numbers`.
    private init(numbers: Source, rows: Int, columns: Int) {
        self.numbers = numbers
        self.rows = rows
        self.columns = columns
    }

    /// Makes the panel of `matrix` at `target`.
    ///
    /// - Parameters:
    ///   - matrix: (rows, columns); (columns, rows) where it is transposed.
    ///   - stride: numbers from row to row of `matrix`.
    init(_ matrix: Source, rows: Int, columns: Int, stride: Int, transposes: Bool, at target: Target) {
        self.init(numbers: target, rows: rows, columns: columns)
        Self.fill(target, matrix, rows: rows, columns: 0..<columns, stride: stride, transposes: transposes)
    }

    /// Calls `body` with the panel of `matrix`, which several threads make.
    static func with<R>(
        _ matrix: Source, rows: Int, columns: Int, stride: Int, transposes: Bool, pool: ThreadPool,
        _ body: (Panel) -> R
    ) -> R {
        let width = Int(PANEL_COLUMNS), blocks = (columns + width - 1) / width
        var memory = Tensor(shape: [count(rows: rows, columns: columns)], writing: { _ in })
        return memory.withPointer { memory in
            pool.parallelRanges(blocks, block: 4) { range, _ in
                fill(
                    memory, matrix, rows: rows,
                    columns: range.lowerBound * width..<min(range.upperBound * width, columns), stride: stride,
                    transposes: transposes)
            }
            return body(Panel(numbers: memory, rows: rows, columns: columns))
        }
    }

    /// - Parameter columns: begin at a whole block.
    private static func fill(
        _ target: Target, _ matrix: Source, rows: Int, columns: Range<Int>, stride: Int, transposes: Bool
    ) {
        let target = target + columns.lowerBound * rows
        if transposes {
            panel_from_columns(target, matrix + columns.lowerBound * stride, rows, columns.count, stride)
        } else {
            panel_from_rows(target, matrix + columns.lowerBound, rows, columns.count, stride)
        }
    }

    /// target (count, columns) = scale · (start + a (count, rows) · panel), on this thread.
    ///
    /// - Parameters:
    ///   - count: rows of `a`.
    ///   - strides: numbers from row to row of `target`; from row to row and from term to term of `a`.
    func multiply(
        _ a: Source, count: Int, into target: Target, strides: (target: Int, row: Int, term: Int),
        start: Start = .zero, scale: Float = 1
    ) {
        multiply(a, count: count, columns: 0..<columns, into: target, strides: strides, start: start, scale: scale)
    }

    /// The same for plain rows on several threads: `a` (count, rows), `target` (count, columns).
    func multiply(_ a: Source, count: Int, into target: Target, start: Start = .zero, pool: ThreadPool) {
        // Rows are cut first, because the panel is read once for each cut; few rows leave columns to cut.
        let rowParts = max(1, count / 512 / 2 * 2)
        let widths = (columns + Self.columnsOfPart - 1) / Self.columnsOfPart
        let columnParts = max(1, min(8 / rowParts, widths))
        pool.parallelFor(rowParts * columnParts) { part, _ in
            let (row, column) = (part / columnParts, part % columnParts)
            let cut = count * row / rowParts..<count * (row + 1) / rowParts
            let some =
                widths * column / columnParts
                * Self.columnsOfPart..<min(
                    widths * (column + 1) / columnParts * Self.columnsOfPart, columns)
            multiply(
                a + cut.lowerBound * rows, count: cut.count, columns: some, into: target + cut.lowerBound * columns,
                strides: (columns, rows, 1), start: start, scale: 1)
        }
    }

    /// Columns that a thread computes at the least: those of the widest tile.
    private static let columnsOfPart = 64

    private func multiply(
        _ a: Source, count: Int, columns some: Range<Int>, into target: Target,
        strides: (target: Int, row: Int, term: Int), start: Start, scale: Float
    ) {
        let (from, bias): (panel_start, Source?) =
            switch start {
            case .zero: (PANEL_ZERO, nil)
            case .bias(let bias): (PANEL_BIAS, bias + some.lowerBound)
            case .target: (PANEL_OUT, nil)
            }
        panel_product(
            target + some.lowerBound, a, numbers + some.lowerBound * rows, bias, Int32(from.rawValue), scale, count,
            some.count, rows, strides.row, strides.term, strides.target)
    }
}
