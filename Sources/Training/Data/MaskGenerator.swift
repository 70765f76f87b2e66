import Platform
public import Tensors

/// SimMIM's random masks: cells of `maskPatchSize` pixels, each covering whole patches.
public struct MaskGenerator: Sendable, Hashable {
    /// Cells along a column and a row of the image.
    public let rows: Int
    public let columns: Int
    /// Patches along each side of a cell.
    public let scale: Int
    /// Cells that are masked.
    public let count: Int

    /// - Parameters:
    ///   - height, width: of the image, pixels; multiples of `maskPatchSize`.
    ///   - patchSize: side of a patch, pixels.
    ///   - maskPatchSize: side of a cell, pixels; a multiple of `patchSize`.
    ///   - maskRatio: the part of the cells that is masked, rounded up to whole cells.
    public init(height: Int, width: Int, patchSize: Int, maskPatchSize: Int, maskRatio: Double) {
        precondition(patchSize > 0 && maskPatchSize > 0, "patches have pixels")
        precondition(maskPatchSize % patchSize == 0, "cells of \(maskPatchSize) pixels cut patches of \(patchSize)")
        precondition(
            height > 0 && width > 0 && height % maskPatchSize == 0 && width % maskPatchSize == 0,
            "cells of \(maskPatchSize) pixels do not fill \(height) × \(width)")
        precondition((0...1).contains(maskRatio), "a mask ratio of 0 to 1, not \(maskRatio)")
        rows = height / maskPatchSize
        columns = width / maskPatchSize
        scale = maskPatchSize / patchSize
        count = Int(rounding: Double(rows * columns) * maskRatio, .up, into: 0...rows * columns) ?? 0
    }

    /// Patches of an image.
    public var patches: Int { rows * columns * scale * scale }

    /// One mask, row by row: 1 for masked patches, otherwise 0.
    public func mask(random: inout RandomStream) -> [Float] {
        var cells = [Float](repeating: 0, count: rows * columns)
        for cell in random.permutation(rows * columns).prefix(count) { cells[cell] = 1 }
        return (0..<rows * scale).flatMap { row in
            (0..<columns * scale).map { cells[row / scale * columns + $0 / scale] }
        }
    }
}
