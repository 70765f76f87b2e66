import Images
public import Platform
import Synchronization

/// What a look into the files of a dataset finds before anything is learned from them.
public struct DatasetInspection: Sendable, Equatable {
    /// A file, and what is to be said of it.
    public struct Finding: Sendable, Equatable, CustomStringConvertible {
        /// Its path below the dataset's folder.
        public let file: String
        public let reason: String

        public var description: String { "\(file) (\(reason))" }
    }

    /// How many images were decoded; where not all of them, spread evenly over the set. None of a set that is drawn.
    public let checked: Int
    /// How many the set has.
    public let count: Int
    /// Those that cannot be read, in order.
    public let unreadable: [Finding]
    /// Those that are read although something about their files is odd, in order.
    public let odd: [Finding]

    /// Decodes images of `dataset`, at most `limit` of them, on the threads of `pool`.
    public init(_ dataset: TrainingDataset, atMost limit: Int, pool: ThreadPool) {
        count = dataset.count
        guard case .folder(let folder) = dataset, limit > 0 else {
            (checked, unreadable, odd) = (0, [], [])
            return
        }
        let wanted = min(limit, folder.count)
        let found = Mutex((unreadable: [Int: Finding](), odd: [Int: Finding]()))
        pool.parallelFor(wanted) { place, _ in
            // Counts of files, whose product fits.
            let index = wanted == folder.count ? place : place * folder.count / wanted
            let file = folder.entries[index].path
            do throws(ImageError) {
                let warnings = try Image.decoded(folder.bytes(at: index), orientation: .ignore).warnings
                guard !warnings.isEmpty else { return }
                let words = warnings.map(\.description).joined(separator: "; ")
                found.withLock { $0.odd[index] = Finding(file: file, reason: words) }
            } catch {
                let words = error.description
                found.withLock { $0.unreadable[index] = Finding(file: file, reason: words) }
            }
        }
        checked = wanted
        (unreadable, odd) = found.withLock { found in
            (
                found.unreadable.keys.sorted().compactMap { found.unreadable[$0] },
                found.odd.keys.sorted().compactMap { found.odd[$0] }
            )
        }
    }

    /// Refuses images that cannot be read.
    ///
    /// - Throws: `DataError.refused` with their number and the first names.
    public func checkAllAreReadable() throws(DataError) {
        guard unreadable.isEmpty else {
            throw .refused(
                count: unreadable.count, of: checked, examples: unreadable.prefix(10).map(\.description))
        }
    }
}
