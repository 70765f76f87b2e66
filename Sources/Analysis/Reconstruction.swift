public import Models
public import Tensors

/// Masked patches beside what was predicted of them: pixels, errors and blur.
///
/// Patches are (patches, patchSize²·channels), ordered (row, column, channel) within a patch and row-major over the
/// grid, as MAE's `patchify` has them (He et al. 2022). Sums are in double precision.
public struct Reconstruction: Sendable {
    public let grid: GridSize
    /// Side of a patch, pixels.
    public let patchSize: Int
    public let channels: Int
    /// MAE's ε under the spread of a patch.
    static let eps = 1e-6

    public init(grid: GridSize, patchSize: Int, channels: Int = 3) {
        precondition(grid.count > 0 && patchSize > 0 && channels > 0, "there are no pixels")
        self.grid = grid
        self.patchSize = patchSize
        self.channels = channels
    }

    /// Numbers of a patch.
    public var width: Int { patchSize * patchSize * channels }

    /// The pixels that a prediction of normalized patches means: x̂ · √(variance + 10⁻⁶) + mean, with the mean and the
    /// unbiased variance of the patch that was to be predicted, which undoes MAE's `norm_pix_loss`.
    ///
    /// - Parameters:
    ///   - prediction: (patches, width).
    ///   - target: the image's own patches, (patches, width).
    public func denormalized(_ prediction: Tensor, by target: Tensor) -> Tensor {
        precondition(prediction.count == grid.count * width && target.count == prediction.count, "other patches")
        var numbers = prediction.array
        let own = target.array
        for patch in 0..<grid.count {
            let place = patch * width..<(patch + 1) * width
            let (mean, variance) = Self.moments(own[place])
            let scale = (variance + Self.eps).squareRoot()
            for index in place { numbers[index] = Float(Double(numbers[index]) * scale + mean) }
        }
        return Tensor(shape: prediction.shape, numbers)
    }

    private static func moments(_ numbers: ArraySlice<Float>) -> (mean: Double, variance: Double) {
        let mean = numbers.reduce(0) { $0 + Double($1) } / Double(numbers.count)
        let squares = numbers.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) }
        return (mean, squares / Double(max(numbers.count - 1, 1)))
    }

    /// Patches where `isMasked`, and those of `others` elsewhere.
    public func composed(_ patches: Tensor, where isMasked: [Bool], others: Tensor) -> Tensor {
        precondition(isMasked.count == grid.count, "a word for each patch")
        var numbers = others.array
        let own = patches.array
        for patch in 0..<grid.count where isMasked[patch] {
            let place = patch * width..<(patch + 1) * width
            numbers.replaceSubrange(place, with: own[place])
        }
        return Tensor(shape: others.shape, numbers)
    }

    /// The image of patches: (rows · patchSize, cols · patchSize, channels).
    public func image(of patches: Tensor) -> Tensor {
        precondition(patches.count == grid.count * width, "\(patches.shape) do not fill the grid")
        let source = patches.array, stride = grid.cols * patchSize * channels, line = patchSize * channels
        var pixels = [Float](repeating: 0, count: source.count)
        for patch in 0..<grid.count {
            let (row, col) = (patch / grid.cols, patch % grid.cols)
            for y in 0..<patchSize {
                let target = (row * patchSize + y) * stride + col * line, start = patch * width + y * line
                pixels.replaceSubrange(target..<target + line, with: source[start..<start + line])
            }
        }
        return Tensor(shape: [grid.rows * patchSize, grid.cols * patchSize, channels], pixels)
    }

    /// The mean over the pixels of some patches of |difference| and of difference².
    public struct Errors: Sendable, Equatable {
        /// Nil where there is no such patch.
        public let absolute: Double?
        public let squared: Double?
    }

    /// The errors of the patches that are masked, or of those that are not.
    public func errors(of prediction: Tensor, from target: Tensor, where isMasked: [Bool], _ masked: Bool) -> Errors {
        precondition(isMasked.count == grid.count && prediction.count == target.count, "other patches")
        let (a, b) = (prediction.array, target.array)
        var absolute = 0.0, squared = 0.0, count = 0
        for patch in 0..<grid.count where isMasked[patch] == masked {
            count += width
            for index in patch * width..<(patch + 1) * width {
                let difference = Double(a[index]) - Double(b[index])
                absolute += abs(difference)
                squared += difference * difference
            }
        }
        guard count > 0 else { return Errors(absolute: nil, squared: nil) }
        return Errors(absolute: absolute / Double(count), squared: squared / Double(count))
    }
}
