extension Image {
    /// The image in another size, bit for bit as Pillow's `resize`: along the rows and along the columns, rounded
    /// to 8 bits each time.
    public func resized(height newHeight: Int, width newWidth: Int, interpolation: Interpolation) -> Image {
        precondition(newHeight > 0 && newWidth > 0, "an image has at least one pixel, not \(newHeight) × \(newWidth)")
        return resized(
            height: newHeight, width: newWidth, rows: 0..<newHeight, columns: 0..<newWidth, interpolation: interpolation
        )
    }

    /// The part `rows`, `columns` of the image in another size. Nothing else of that size is computed, so that a
    /// very long strip costs no more than what is kept of it.
    func resized(
        height newHeight: Int, width newWidth: Int, rows: Range<Int>, columns: Range<Int>, interpolation: Interpolation
    ) -> Image {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= newHeight && columns.lowerBound >= 0
                && columns.upperBound <= newWidth && !rows.isEmpty && !columns.isEmpty, "a part outside the image")
        let vertical =
            newHeight == height
            ? nil : ResampleWeights(old: height, new: newHeight, window: rows, interpolation: interpolation)
        let horizontal =
            newWidth == width
            ? nil : ResampleWeights(old: width, new: newWidth, window: columns, interpolation: interpolation)
        switch (horizontal, vertical) {
        case (nil, nil):
            return cropped(top: rows.lowerBound, left: columns.lowerBound, height: rows.count, width: columns.count)
        case (let horizontal?, nil): return resampledRows(rows, horizontal, from: 0)
        case (nil, let vertical?): return resampledColumns(columns, vertical, from: 0)
        case (let horizontal?, let vertical?):
            // Since version 13, Pillow begins with the columns where the height shrinks by more than twice as many
            // pixels as the width. The order shows, because each pass rounds and clips.
            if newHeight < height, 2 * (width - newWidth) < height - newHeight {
                let needed = horizontal.reach
                let low = resampledColumns(needed, vertical, from: 0)
                return low.resampledRows(0..<low.height, horizontal, from: needed.lowerBound)
            }
            let needed = vertical.reach
            let narrow = resampledRows(needed, horizontal, from: 0)
            return narrow.resampledColumns(0..<narrow.width, vertical, from: needed.lowerBound)
        }
    }

    /// The part of the image that begins at (`top`, `left`), which must lie inside.
    public func cropped(top: Int, left: Int, height newHeight: Int, width newWidth: Int) -> Image {
        precondition(
            top >= 0 && left >= 0 && newHeight > 0 && newWidth > 0 && newHeight <= height - top
                && newWidth <= width - left, "a part outside the image")
        if newHeight == height && newWidth == width { return self }
        return gathered(rows: newHeight, columns: newWidth, first: top * width + left, rowStep: width, columnStep: 1)
    }
}
