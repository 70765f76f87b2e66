extension Image {
    /// The picture in another size, bit for bit as Pillow's `resize`: rows first, then columns, each rounded to 8 bits.
    public func resized(height newHeight: Int, width newWidth: Int, interpolation: Interpolation) -> Image {
        precondition(newHeight > 0 && newWidth > 0, "a picture has at least one pixel, not \(newHeight) × \(newWidth)")
        return resized(
            height: newHeight, width: newWidth, rows: 0..<newHeight, columns: 0..<newWidth, interpolation: interpolation
        )
    }

    /// The part `rows`, `columns` of the picture in another size. Nothing else of that size is computed, so that a
    /// very long strip costs no more than what is kept of it.
    func resized(
        height newHeight: Int, width newWidth: Int, rows: Range<Int>, columns: Range<Int>, interpolation: Interpolation
    ) -> Image {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= newHeight && columns.lowerBound >= 0
                && columns.upperBound <= newWidth && !rows.isEmpty && !columns.isEmpty, "a part outside the picture")
        let vertical =
            newHeight == height
            ? nil : ResampleWeights(old: height, new: newHeight, window: rows, interpolation: interpolation)
        let needed = vertical?.reach ?? rows
        let wide: Image
        if newWidth == width {
            wide = cropped(top: needed.lowerBound, left: columns.lowerBound, height: needed.count, width: columns.count)
        } else {
            wide = resampledRows(
                needed, ResampleWeights(old: width, new: newWidth, window: columns, interpolation: interpolation))
        }
        guard let vertical else { return wide }
        return wide.resampledColumns(vertical, from: needed.lowerBound)
    }

    /// The part of the picture that begins at (`top`, `left`), which must lie inside.
    public func cropped(top: Int, left: Int, height newHeight: Int, width newWidth: Int) -> Image {
        precondition(
            top >= 0 && left >= 0 && newHeight > 0 && newWidth > 0 && newHeight <= height - top
                && newWidth <= width - left, "a part outside the picture")
        if newHeight == height && newWidth == width { return self }
        return gathered(rows: newHeight, columns: newWidth, first: top * width + left, rowStep: width, columnStep: 1)
    }
}
