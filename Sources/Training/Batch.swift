public import Tensors

/// What one step of training looks at.
public struct Batch: Sendable {
    /// The same images in one or more random views, (batch, 3, height, width) each, normalized. MoCo v3 takes two,
    /// SimMIM and MAE one, the hybrid MoCo v3's two and then SimMIM's.
    public var views: [Tensor]
    /// Which patches of the last view are masked, (batch, patches) of ones and zeros, 1 = masked; for SimMIM.
    public var mask: Tensor?
    /// Uniform noise (batch, patches): the patches with the smallest numbers are kept; for MAE.
    public var noise: Tensor?
    /// The class of each image; empty where the objective asks for none.
    public var labels: [Int]
    /// Targets (batch, classes) that replace `labels` when images were mixed.
    public var softTargets: Tensor?
    /// The position of each image in the data set.
    public var indices: [Int]
    /// The place of each image in the whole batch, of which other ranks have the rest; nil where these are all of it.
    public var slots: [Int]?

    public init(
        views: [Tensor], mask: Tensor? = nil, noise: Tensor? = nil, labels: [Int] = [], softTargets: Tensor? = nil,
        indices: [Int] = [], slots: [Int]? = nil
    ) {
        self.views = views
        self.mask = mask
        self.noise = noise
        self.labels = labels
        self.softTargets = softTargets
        self.indices = indices
        self.slots = slots
    }

    /// Images in the batch.
    public var count: Int { views.first?.shape[0] ?? 0 }
}
