import Platform

/// Makes batches ahead of time on threads of its own, and hands them out in order, so that a step of training never
/// waits for its images.
///
/// How many threads there are and how far they are ahead changes nothing about the batches. A class because it has
/// threads; they end when the last reference goes.
public final class BatchLoader: Sendable {
    /// Batches of an epoch that are handed out.
    public let batchesPerEpoch: Int
    private let line: Monitor<Line>
    private let workers: [WorkerThread]

    /// - Parameters:
    ///   - epochs: after this many, counted from the first epoch of all, nothing more comes.
    ///   - batchesPerEpoch: how many of each epoch are used, from the first on; nil for all complete ones.
    ///   - firstBatch: how many batches are skipped, counted over all epochs: epoch · `batchesPerEpoch` + batch.
    ///   - workers: threads, each at a batch of its own.
    ///   - prefetch: batches that are ready or being made at the most.
    public init(
        _ maker: BatchMaker, epochs: Int, batchesPerEpoch: Int? = nil, firstBatch: Int = 0, workers: Int = 1,
        prefetch: Int = 3
    ) {
        let perEpoch = batchesPerEpoch ?? maker.batchesPerEpoch
        precondition((1...maker.batchesPerEpoch).contains(perEpoch), "an epoch has no \(perEpoch) complete batches")
        precondition(epochs >= 0 && firstBatch >= 0, "epochs and batches are counted from 0")
        precondition(workers > 0 && prefetch > 0, "at least one thread, and one batch ahead")
        let (end, overflow) = epochs.multipliedReportingOverflow(by: perEpoch)
        precondition(!overflow, "too many epochs: \(epochs)")
        self.batchesPerEpoch = perEpoch
        let line = Monitor(Line(next: firstBatch, claimed: firstBatch, end: end, ahead: max(prefetch, workers)))
        self.line = line
        self.workers = (0..<workers).map { _ in
            let worker = WorkerThread()
            worker.enqueue { Self.work(maker, perEpoch, line) }
            return worker
        }
    }

    deinit {
        line.withLock { line in
            line.end = 0
            line.ready = [:]
        }
    }

    /// The next batch; nil after the last. Blocks the thread until it is there. For one thread at a time.
    ///
    /// - Throws: `DataError.unreadable`; nothing comes after it.
    public func next() throws(DataError) -> Batch? {
        let result: Result<Batch, DataError>? = line.wait { line in
            guard line.next < line.end else { return .some(nil) }
            guard let result = line.ready.removeValue(forKey: line.next) else { return nil }
            line.next += 1
            if case .failure = result { line.end = 0 }
            return result
        }
        return try result?.get()
    }

    /// What the threads and the consumer share.
    private struct Line: Sendable {
        /// The batch to hand out next.
        var next: Int
        /// The next batch to be made.
        var claimed: Int
        /// Behind the last.
        var end: Int
        let ahead: Int
        var ready: [Int: Result<Batch, DataError>] = [:]
    }

    private static func work(_ maker: BatchMaker, _ batchesPerEpoch: Int, _ line: Monitor<Line>) {
        while let number = claim(line) {
            let result: Result<Batch, DataError>
            do {
                result = .success(
                    try maker.batch(epoch: number / batchesPerEpoch, batch: number % batchesPerEpoch))
            } catch {
                result = .failure(error)
            }
            line.withLock { if number < $0.end { $0.ready[number] = result } }
        }
    }

    /// A batch to make; nil when there is nothing more to do.
    private static func claim(_ line: Monitor<Line>) -> Int? {
        line.wait { line -> Int?? in
            guard line.claimed < line.end else { return .some(nil) }
            guard line.claimed < line.next + line.ahead else { return nil }
            defer { line.claimed += 1 }
            return line.claimed
        }
    }
}
