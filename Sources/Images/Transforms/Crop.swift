import Platform

/// A side cut to the middle, or set in the middle of a longer one.
struct Crop {
    /// What is kept of the old side.
    let kept: Range<Int>
    /// Where it begins on the new side.
    let margin: Int

    init(from old: Int, to new: Int, rounding: Preprocess.CropRounding) {
        if old < new {
            kept = 0..<old
            margin = (new - old) / 2
        } else {
            let start = Double(old - new) / 2
            let first = Int(inRange: start.rounded(rounding == .halfToEven ? .toNearestOrEven : .down))
            kept = first..<first + new
            margin = 0
        }
    }
}
