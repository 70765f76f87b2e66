import Catalogue
import Models
import Platform
import Synchronization
import Tensors

/// Passes of many images through a model that have not begun: whoever wants the same images through the same model rides
/// along.
///
/// A class because those who wait are shared.
package final class SharedPasses: Sendable {
    /// What is the same for all who share a pass.
    struct Key: Sendable, Hashable {
        let model: String
        let images: [String]
        let batchSize: Int
    }

    private struct State {
        var waiting: [Key: SharedPass] = [:]
        var gathering = Gathering()
    }

    /// How long a pass waits for others who want it.
    package struct Gathering: Sendable, Equatable {
        /// Nobody is waited for longer.
        package var patience: Duration
        /// When so many have come nobody is waited for.
        package var riders: Int

        /// For a page that asks its questions in one breath.
        package static let breath = Gathering(patience: .milliseconds(30))

        package init(patience: Duration = .zero, riders: Int = .max) {
            self.patience = patience
            self.riders = riders
        }
    }

    private let state = Mutex(State())

    package init() {}

    /// Has the next passes gather riders in this way.
    package func gather(_ gathering: Gathering) { state.withLock { $0.gathering = gathering } }

    /// Takes images through a model, together with whoever wants the same at this time.
    ///
    /// - Parameters:
    ///   - make: begins a pass where none waits.
    ///   - work: looks into a batch, on a thread that computes.
    /// - Returns: what `work` returned, batch by batch.
    func ride<Part: Sendable>(
        _ key: Key, make: () -> SharedPass, work: @escaping @Sendable (ForwardBatch) throws -> Part
    ) -> AsyncThrowingStream<Part, any Error> {
        AsyncThrowingStream { continuation in
            let mark = CancelMark()
            continuation.onTermination = { _ in mark.set() }
            let rider = SharedPass.Rider(
                mark: mark,
                look: { batch in
                    do { continuation.yield(try work(batch)) } catch {
                        mark.set()
                        continuation.finish(throwing: error)
                    }
                }, end: { continuation.finish(throwing: $0) })
            let (pass, begins, gathering) = state.withLock { state in
                if let pass = state.waiting[key], pass.take(rider) { return (pass, false, state.gathering) }
                let pass = make()
                _ = pass.take(rider)
                state.waiting[key] = pass
                return (pass, true, state.gathering)
            }
            guard begins else { return }
            Task.detached { [self] in
                await pass.run(gathering) {
                    self.state.withLock { state in if state.waiting[key] === pass { state.waiting[key] = nil } }
                }
            }
        }
    }
}
