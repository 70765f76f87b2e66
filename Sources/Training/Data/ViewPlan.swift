public import Images
import Tensors

/// What is made of each image of a batch: its views, a mask or noise for the last of them, and mixtures.
public struct ViewPlan: Sendable, Hashable {
    /// What hides patches of the last view.
    public enum Masking: Sendable, Hashable {
        case none
        /// SimMIM: a mask of cells; see `MaskGenerator`.
        case simMIM(patchSize: Int, maskPatchSize: Int, maskRatio: Double)
        /// MAE: a random number for each patch.
        case mae(patchSize: Int)
    }

    /// In the order of `Batch.views`.
    public var views: [ViewRecipe]
    public var masking: Masking
    /// Mixtures of the images and their labels; nil without.
    public var mixing: Mixing?

    public init(views: [ViewRecipe], masking: Masking = .none, mixing: Mixing? = nil) {
        precondition(!views.isEmpty, "a batch has at least one view")
        self.views = views
        self.masking = masking
        self.mixing = mixing
    }

    /// The view that is masked, the last.
    var maskedView: Int? { masking == .none ? nil : views.count - 1 }

    /// Patches of the last view; nil where nothing is masked.
    var patches: Int? {
        let height = views[views.count - 1].height, width = views[views.count - 1].width
        switch masking {
        case .none: return nil
        case .simMIM: return maskGenerator?.patches
        case .mae(let patchSize):
            precondition(
                patchSize > 0 && height % patchSize == 0 && width % patchSize == 0,
                "patches of \(patchSize) pixels do not fill \(height) × \(width)")
            return (height / patchSize) * (width / patchSize)
        }
    }

    var maskGenerator: MaskGenerator? {
        guard case .simMIM(let patchSize, let maskPatchSize, let maskRatio) = masking else { return nil }
        let view = views[views.count - 1]
        return MaskGenerator(
            height: view.height, width: view.width, patchSize: patchSize, maskPatchSize: maskPatchSize,
            maskRatio: maskRatio)
    }
}

/// The random numbers of the views of one epoch.
///
/// Plain views are numbered from 0; the masked one has a stream of another name. So MoCo v3's two views, and SimMIM's
/// view with its mask, are the same in the hybrid as alone.
struct ViewStreams {
    private let views: RandomStream
    private let masked: RandomStream

    init(seed: UInt64, epoch: Int) {
        views = RandomStream(seed: seed, "view").stream(epoch)
        masked = RandomStream(seed: seed, "masked").stream(epoch)
    }

    /// The stream of view number `view` of image `index`.
    func view(_ view: Int, of index: Int) -> RandomStream { views.stream(index).stream(view) }

    /// The stream of the masked view of image `index`.
    func maskedView(of index: Int) -> RandomStream { masked.stream(index).stream(0) }

    /// The stream of the mask of image `index`.
    func mask(of index: Int) -> RandomStream { masked.stream(index).stream(1) }
}
