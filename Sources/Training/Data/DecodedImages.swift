import Images
import Synchronization

/// The images of a set, decoded once as far as memory is allowed for them, with replacements for those that cannot be.
///
/// A class because it remembers images and failures.
final class DecodedImages: Sendable {
    /// An image, and its position in the set.
    struct Found {
        let index: Int
        let image: Image
    }

    private struct State {
        var images: [Int: Image] = [:]
        var bytes = 0
        var failures: [Int: String] = [:]
    }

    private let dataset: TrainingDataset
    private let cacheBytes: Int
    private let rule: UnreadableRule
    private let warn: @Sendable (DataWarning) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - cacheBytes: of decoded images to keep.
    ///   - rule: whether others take the places of images that cannot be read.
    ///   - warn: called once for each file that cannot be read, from any thread.
    init(
        _ dataset: TrainingDataset, cacheBytes: Int, rule: UnreadableRule,
        warn: @escaping @Sendable (DataWarning) -> Void
    ) {
        self.dataset = dataset
        self.cacheBytes = cacheBytes
        self.rule = rule
        self.warn = warn
    }

    /// Image `index`, or the next one that can be read.
    ///
    /// - Throws: `DataError.unreadable` where ten files and more than one in a hundred cannot be read, or none can;
    ///   `.refused` for the first that cannot be, where others may not take its place.
    func image(at index: Int) throws(DataError) -> Found {
        for offset in 0..<dataset.count {
            let candidate = (index + offset) % dataset.count
            if let image = try read(candidate) { return Found(index: candidate, image: image) }
        }
        throw failure()
    }

    private func read(_ index: Int) throws(DataError) -> Image? {
        let known: (image: Image?, failed: Bool) = state.withLock { ($0.images[index], $0.failures[index] != nil) }
        if known.failed { return nil }
        if let image = known.image { return image }
        do {
            let image = try dataset.image(at: index)
            // Every image comes once an epoch, so those that came first are as good to keep as any.
            state.withLock { state in
                guard state.bytes + image.pixels.count <= cacheBytes, state.images[index] == nil else { return }
                state.images[index] = image
                state.bytes += image.pixels.count
            }
            return image
        } catch {
            let (isNew, count) = state.withLock { state in
                (state.failures.updateValue(error.description, forKey: index) == nil, state.failures.count)
            }
            if rule == .refuse {
                throw .refused(
                    count: 1, of: dataset.count,
                    examples: ["\(dataset.name(at: index)) (\(error.description))"])
            }
            if isNew { warn(.unreadable(path: dataset.name(at: index), reason: error.description)) }
            if count >= 10 && count > dataset.count / 100 { throw failure() }
            return nil
        }
    }

    /// The images that could not be read so far, in order.
    var unreadable: [DatasetInspection.Finding] {
        let failures = state.withLock { $0.failures }
        return failures.keys.sorted().map { .init(file: dataset.name(at: $0), reason: failures[$0] ?? "") }
    }

    private func failure() -> DataError {
        let found = unreadable
        return .unreadable(count: found.count, of: dataset.count, examples: found.prefix(3).map(\.description))
    }
}
