import Models
public import Tensors

/// Patches as colours, by the directions in which they vary most, as in the images of DINOv2 (Oquab et al. 2024, figure 1
/// and section 7.6).
///
/// The first component tells foreground from background, the next three are red, green and blue. Components have no sign
/// of their own. That of the first is the one with which the border of the images is background: its sum over all
/// patches of outermost rows and columns is negative. Where that sum is nothing but rounding, as on a grid that is all
/// border, and for the colours, the largest entry of the component is positive, as in `PrincipalComponents`.
public struct PatchColours: Sendable {
    /// What is foreground, and which components are its colours.
    public struct Rule: Sendable, Hashable {
        /// Patches whose first component lies above so many of its standard deviations are foreground; nil where every
        /// patch has colours, and these are the first three components.
        public var threshold: Double?
        /// Whether the colours are the first three components of the foreground alone, which DINOv2 does.
        public var isRefitted: Bool
        /// The share of the foreground that has the least, and the share that has the most of a colour.
        public var clip: Double

        public init(threshold: Double?, isRefitted: Bool, clip: Double) {
            precondition((0..<0.5).contains(clip) && threshold?.isNaN != true, "no rule")
            self.threshold = threshold
            self.isRefitted = isRefitted
            self.clip = clip
        }
    }

    /// The first component of every patch, in its standard deviations; NaN where nothing varies.
    public let scores: [Double]
    /// Of every patch: 1 foreground, 0 background; NaN where nothing varies.
    public let foreground: [Double]
    /// (patches, 3), red, green and blue in 0…1; background is black. NaN where nothing varies.
    public let colours: [Double]
    /// The share in the variance of all patches of the first component, then those of the three colours in the variance of
    /// what they were fitted to; NaN where there is none.
    public let explainedRatio: [Double]
    /// Whether patches differ by more than rounding (`Spread`).
    public let isDefined: Bool

    /// How far the sum over the border may be from 0 and still be rounding, as a share of the sum of magnitudes.
    private static let tie = 1e-9

    /// - Parameters:
    ///   - samples: (images · patches, features), images one after another, two rows at least.
    /// - Returns: nil where a number is not finite.
    public init?(_ samples: DoubleMatrix, layout: TokenLayout, rule: Rule) {
        precondition(samples.rows % layout.grid.count == 0, "these are not the patches of images")
        let first = rule.threshold == nil ? 0 : 1
        guard let found = PrincipalComponents(samples, count: 3 + first) else { return nil }
        let nan = [Double](repeating: .nan, count: samples.rows)
        guard let ratios = found.explainedRatio, found.variances[0] > 0 else {
            (scores, foreground, colours) = (nan, nan, nan + nan + nan)
            explainedRatio = [Double](repeating: .nan, count: 4)
            isDefined = false
            return
        }
        let sign = Self.sign(found.coordinates, layout), deviation = found.variances[0].squareRoot()
        let scores = (0..<samples.rows).map { sign * found.coordinates[$0, 0] / deviation }
        let shown = rule.threshold.map { threshold in scores.indices.filter { scores[$0] > threshold } }
        let rows = shown ?? Array(scores.indices)
        self.scores = scores
        isDefined = true
        var mask = [Double](repeating: 0, count: samples.rows)
        for row in rows { mask[row] = 1 }
        foreground = mask
        var fitted: PrincipalComponents? = found, places = rows, offset = first
        if rule.isRefitted, rule.threshold != nil {
            fitted = rows.count > 1 ? PrincipalComponents(samples.selecting(rows), count: 3) : nil
            (places, offset) = (Array(rows.indices), 0)
        }
        var colours = [Double](repeating: 0, count: samples.rows * 3)
        for channel in 0..<3 {
            let values = places.map { fitted?.coordinate($0, channel + offset) ?? 0 }
            for (row, value) in zip(rows, Self.scaled(values, clip: rule.clip)) { colours[row * 3 + channel] = value }
        }
        self.colours = colours
        explainedRatio = [ratios[0]] + (offset..<offset + 3).map { fitted?.share($0) ?? .nan }
    }

    /// Of the first component, by the border.
    private static func sign(_ coordinates: DoubleMatrix, _ layout: TokenLayout) -> Double {
        let grid = layout.grid
        var border = 0.0, all = 0.0
        for row in 0..<coordinates.rows {
            let patch = row % grid.count, (y, x) = (patch / grid.cols, patch % grid.cols)
            let isBorder = y == 0 || x == 0 || y == grid.rows - 1 || x == grid.cols - 1
            all += abs(coordinates[row, 0])
            if isBorder { border += coordinates[row, 0] }
        }
        return border > tie * all ? -1 : 1
    }

    /// Numbers between the quantiles `clip` and 1 − `clip`, 0 and 1 at them and beyond; one half where these are equal.
    package static func scaled(_ values: [Double], clip: Double) -> [Double] {
        guard !values.isEmpty else { return [] }
        let sorted = values.sorted()
        let low = quantile(sorted, clip), high = quantile(sorted, 1 - clip)
        guard high > low else { return values.map { _ in 0.5 } }
        return values.map { min(max(($0 - low) / (high - low), 0), 1) }
    }

    /// As NumPy interpolates: linear between neighbours of the sorted values.
    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let place = share * Double(sorted.count - 1)
        guard let below = Int(exactly: place.rounded(.down)), below + 1 < sorted.count else {
            return sorted[sorted.count - 1]
        }
        return sorted[below] + (place - Double(below)) * (sorted[below + 1] - sorted[below])
    }
}

extension PrincipalComponents {
    /// 0 on directions beyond those in which samples can vary.
    fileprivate func coordinate(_ sample: Int, _ component: Int) -> Double {
        component < coordinates.cols ? coordinates[sample, component] : 0
    }

    /// NaN where there is none.
    fileprivate func share(_ component: Int) -> Double {
        guard let ratios = explainedRatio, ratios.indices.contains(component) else { return .nan }
        return ratios[component]
    }
}

extension DoubleMatrix {
    /// Some rows, in the order of `indices`.
    func selecting(_ indices: [Int]) -> DoubleMatrix {
        DoubleMatrix(
            rows: indices.count, cols: cols, indices.flatMap { values[$0 * cols..<($0 + 1) * cols] })
    }
}
