import Jobs
import Platform
import Tensors

// What ranks that train together tell each other, but for the gradients.
extension Trainer {
    /// Takes the beginning from the first rank.
    mutating func share() throws(TrainingError) {
        guard ranks.size > 1 else { return }
        snapshot.step = ranks.broadcast(snapshot.step)
        ranks.broadcast(&snapshot.model.weights)
        ranks.broadcast(&snapshot.model.buffers)
        if var momentum = snapshot.model.momentumWeights.take() {
            ranks.broadcast(&momentum)
            snapshot.model.momentumWeights = momentum
        }
        if var momentum = snapshot.model.momentumBuffers.take() {
            ranks.broadcast(&momentum)
            snapshot.model.momentumBuffers = momentum
        }
        ranks.broadcast(&snapshot.optimizer.firstMoment)
        if var second = snapshot.optimizer.secondMoment.take() {
            ranks.broadcast(&second)
            snapshot.optimizer.secondMoment = second
        }
        try checkRanks()
    }

    /// What all ranks do next: the strongest wish of any, and the end where the first rank is content.
    ///
    /// - Parameter ending: why the run is content; on the other ranks it becomes a word for it.
    func agree(_ ending: inout String?, _ stop: StopFlag) throws(TrainingError) -> WorkerWish? {
        guard ranks.size > 1 else { return stop.wish }
        let wishes: [WorkerWish?] = [nil, .stop, .finish, .cancel], end = wishes.count
        let own = (wishes.firstIndex(of: stop.wish) ?? 0) + (ending == nil ? 0 : end)
        let said = ranks.gather(own)
        try checkRanks()
        if said[0] >= end { ending = ending ?? "the first rank is content" }
        return wishes[said.map { $0 % end }.max() ?? 0]
    }

    /// What `body` gives on every rank; where it fails on one, all end.
    func together<R>(_ body: () throws -> R) throws(TrainingError) -> R {
        guard ranks.size > 1 else { return try Self.data(body) }
        let result: Result<R, TrainingError>
        do throws(TrainingError) { result = .success(try Self.data(body)) } catch { result = .failure(error) }
        var sentence: String?
        if case .failure(let error) = result { sentence = "\(error)" }
        let found = ranks.first(of: sentence)
        try checkRanks()
        let value = try result.get()
        if let found { throw .badData("Rank \(found.rank): \(found.sentence)") }
        return value
    }

    func checkRanks() throws(TrainingError) {
        do { try ranks.check() } catch { throw .failed("\(error)") }
    }

    /// Weights that drifted apart are those of no training.
    func checkRanksAreEqual() throws(TrainingError) {
        guard ranks.size > 1 else { return }
        let found = ranks.gather(snapshot.model.weights.fingerprint)
        try checkRanks()
        guard let other = found.firstIndex(where: { $0 != found[0] }) else { return }
        throw .failed(
            "At step \(snapshot.step) rank \(other) has other weights than rank 0, so the checkpoint is not written. Ranks "
                + "need processors with the same instructions; ONEDNN_MAX_CPU_ISA=AVX2 has them all take older ones.")
    }
}
