import Models
import Platform

/// Labels of patches beside labels of pixels: what patches are taught, and how their decisions are judged.
public enum PatchLabels {
    /// A pixel or patch without a label.
    public static let ignored: UInt8 = 255

    /// Of each patch the label that most of its labelled pixels have, of equals the lower one; ignored where no pixel of
    /// it has any.
    ///
    /// - Parameters:
    ///   - labels: (height, width), row-major.
    ///   - width: of the image, pixels; what does not fill a patch is left out.
    public static func majority(_ labels: [UInt8], width: Int, layout: TokenLayout) -> [UInt8] {
        let side = layout.patchSize
        return (0..<layout.grid.count).map { patch in
            var counts = [Int](repeating: 0, count: 256)
            let (top, left) = (patch / layout.grid.cols * side, patch % layout.grid.cols * side)
            for y in top..<top + side {
                for x in left..<left + side { counts[Int(labels[y * width + x])] += 1 }
            }
            counts[Int(ignored)] = 0
            let most = counts.max() ?? 0
            return most > 0 ? UInt8(clamping: counts.firstIndex(of: most) ?? 255) : ignored
        }
    }
}
