public import Images
import Tensors

/// Makes any batch of any epoch, each a function of the seed, the epoch and its number.
public struct BatchMaker: Sendable {
    /// The images that could not be read so far, and whose places others took.
    public var skipped: [DatasetInspection.Finding] { store.unreadable }
    /// Complete batches of an epoch.
    public var batchesPerEpoch: Int { order.batchesPerEpoch }
    private let dataset: TrainingDataset
    private let plan: ViewPlan
    private let seed: UInt64
    private let order: EpochOrder
    private let store: DecodedImages
    private let generator: MaskGenerator?
    private let patches: Int?
    /// The places in a whole batch that are made; nil for all.
    private let slots: [Int]?

    /// - Parameters:
    ///   - batchSize: images of a whole batch; those that do not fill a last one are left out of that epoch.
    ///   - part: which images of each batch are made; whatever the ranks, an image is the same.
    ///   - seed: of order, views, masks and mixtures.
    ///   - shuffles: whether images come in random order.
    ///   - cacheBytes: decoded images to keep in memory.
    ///   - rule: whether others take the places of images that cannot be read.
    ///   - warn: called once for each file that cannot be read, from the thread that makes the batch.
    /// - Throws: `DataError.batchTooLarge`; `.oddBatch` and `.noLabels` where images are to be mixed.
    public init(
        _ dataset: TrainingDataset, plan: ViewPlan, batchSize: Int, part: BatchPart = .whole, seed: UInt64,
        shuffles: Bool = true,
        cacheBytes: Int = 512 << 20, rule: UnreadableRule = .skip,
        warn: @escaping @Sendable (DataWarning) -> Void = { _ in }
    ) throws(DataError) {
        order = try EpochOrder(count: dataset.count, batchSize: batchSize, seed: seed, shuffles: shuffles)
        if plan.mixing != nil {
            guard batchSize.isMultiple(of: 2) else { throw .oddBatch(batchSize: batchSize) }
            guard !dataset.classes.isEmpty else { throw .noLabels }
        }
        self.dataset = dataset
        self.plan = plan
        self.seed = seed
        store = DecodedImages(dataset, cacheBytes: cacheBytes, rule: rule, warn: warn)
        generator = plan.maskGenerator
        patches = plan.patches
        slots = part.ranks == 1 ? nil : part.slots(of: batchSize, pairs: plan.mixing != nil)
    }

    /// Batch `batch` of `epoch`, both from 0.
    ///
    /// An image that cannot be read is replaced by the next one that can: `Batch.indices` and the label are that one's.
    ///
    /// - Throws: `DataError.unreadable`, `.refused`.
    public func batch(epoch: Int, batch number: Int) throws(DataError) -> Batch {
        let all = order.indices(epoch: epoch, batch: number), wanted = slots.map { $0.map { all[$0] } } ?? all
        let streams = ViewStreams(seed: seed, epoch: epoch)
        var batch = Batch(views: plan.views.map { .zeros([wanted.count, 3, $0.height, $0.width]) }, slots: slots)
        for (slot, index) in wanted.enumerated() {
            let found = try store.image(at: index)
            for (view, recipe) in plan.views.enumerated() {
                let random =
                    view == plan.maskedView ? streams.maskedView(of: index) : streams.view(view, of: index)
                recipe.write(found.image, random: random, into: &batch.views[view], at: slot)
            }
            batch.indices.append(found.index)
            if let label = dataset.label(at: found.index) { batch.labels.append(label) }
        }
        addMask(to: &batch, of: wanted, streams)
        guard let mixing = plan.mixing else { return batch }
        return mixing.mixed(batch, random: RandomStream(seed: seed, "mixing").stream(epoch).stream(number))
    }

    private func addMask(to batch: inout Batch, of indices: [Int], _ streams: ViewStreams) {
        guard let patches else { return }
        var numbers: [Float] = []
        numbers.reserveCapacity(indices.count * patches)
        for index in indices {
            var random = streams.mask(of: index)
            if let generator {
                numbers += generator.mask(random: &random)
            } else {
                for _ in 0..<patches { numbers.append(Float(random.uniform())) }
            }
        }
        let tensor = Tensor(shape: [indices.count, patches], numbers)
        if generator != nil { batch.mask = tensor } else { batch.noise = tensor }
    }
}
