import Platform
public import Tensors

/// Mixup (Zhang et al., arXiv 1710.09412) and cutmix (Yun et al., arXiv 1905.04899) as timm does them for a batch: one
/// mixture for all, each image with its opposite number from the end.
public struct Mixing: Sendable, Hashable {
    /// α of mixup's Beta distribution; 0 without mixup.
    public var mixup: Double
    /// α of cutmix's; 0 without cutmix.
    public var cutmix: Double
    /// How likely cutmix is where both could be.
    public var switchProbability: Double
    /// What the targets of all classes share.
    public var smoothing: Double
    /// Classes of the targets.
    public var classes: Int

    public init(
        mixup: Double = 0.8, cutmix: Double = 1, switchProbability: Double = 0.5, smoothing: Double = 0.1, classes: Int
    ) {
        precondition(mixup >= 0 && cutmix >= 0 && classes > 0, "α is not negative, and there are classes")
        self.mixup = mixup
        self.cutmix = cutmix
        self.switchProbability = switchProbability
        self.smoothing = smoothing
        self.classes = classes
    }

    /// `batch` with its views mixed and its targets soft. It has an even number of images, and labels.
    public func mixed(_ batch: Batch, random: RandomStream) -> Batch {
        precondition(batch.count.isMultiple(of: 2), "mixing takes an even number of images, not \(batch.count)")
        precondition(batch.labels.count == batch.count, "mixing takes a label for each image")
        var random = random, batch = batch
        let cuts = cutmix > 0 && (mixup == 0 || random.chance(switchProbability))
        let alpha = cuts ? cutmix : mixup
        var share = alpha > 0 ? random.beta(alpha) : 1
        if cuts, let shape = batch.views.first?.shape {
            let box = Self.box(height: shape[2], width: shape[3], share: share, random: &random)
            share = 1 - Double(box.rows.count * box.columns.count) / Double(shape[2] * shape[3])
            batch.views = batch.views.map { Self.cut($0, box) }
        } else if share < 1 {
            batch.views = batch.views.map { Self.blended($0, share) }
        }
        batch.softTargets = targets(batch.labels, share: share)
        return batch
    }

    /// Smoothed targets (batch, classes): `share` of the image's own and the rest of its partner's.
    func targets(_ labels: [Int], share: Double) -> Tensor {
        let off = Float(smoothing / Double(classes)), on = Float(1 - smoothing + smoothing / Double(classes))
        var numbers: [Float] = []
        numbers.reserveCapacity(labels.count * classes)
        for (own, partner) in zip(labels, labels.reversed()) {
            precondition((0..<classes).contains(own), "label \(own) of \(classes) classes")
            for index in 0..<classes {
                numbers.append(
                    (index == own ? on : off) * Float(share) + (index == partner ? on : off) * Float(1 - share))
            }
        }
        return Tensor(shape: [labels.count, classes], numbers)
    }

    /// A box whose sides are √(1 − `share`) of the image's, around a random point, cut to the image.
    static func box(
        height: Int, width: Int, share: Double, random: inout RandomStream
    ) -> (rows: Range<Int>, columns: Range<Int>) {
        let side = (1 - share).squareRoot()
        func range(_ extent: Int) -> Range<Int> {
            let half = (Int(rounding: Double(extent) * side, .down, into: 0...extent) ?? 0) / 2,
                center = random.below(extent)
            return max(center - half, 0)..<min(center + half, extent)
        }
        let rows = range(height)
        return (rows, range(width))
    }

    /// `share` of each image and the rest of its partner.
    static func blended(_ view: Tensor, _ share: Double) -> Tensor {
        let size = view.count / max(view.shape[0], 1), last = view.shape[0] - 1
        let own = Float(share), other = Float(1 - share), source = view.array
        var numbers: [Float] = []
        numbers.reserveCapacity(source.count)
        for image in 0...last {
            let from = image * size, partner = (last - image) * size
            for index in 0..<size { numbers.append(source[from + index] * own + source[partner + index] * other) }
        }
        return Tensor(shape: view.shape, numbers)
    }

    /// Each image with the part in `box` of its partner.
    static func cut(_ view: Tensor, _ box: (rows: Range<Int>, columns: Range<Int>)) -> Tensor {
        let (planes, height, width) = (view.shape[1], view.shape[2], view.shape[3]), last = view.shape[0] - 1
        let source = view.array
        var numbers = source
        for image in 0...last {
            for plane in 0..<planes {
                for row in box.rows {
                    let to = ((image * planes + plane) * height + row) * width
                    let from = (((last - image) * planes + plane) * height + row) * width
                    for column in box.columns { numbers[to + column] = source[from + column] }
                }
            }
        }
        return Tensor(shape: view.shape, numbers)
    }
}
