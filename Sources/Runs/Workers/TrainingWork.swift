import Jobs
import JSON
import Platform
import Synchronization
import Training

/// Trains in a job's folder and tells about it.
///
/// A class because a run under way has an identity that wishes reach.
final class TrainingWork: Sendable {
    /// A fast run makes thousands of steps a minute, and nobody reads them all.
    private static let progressInterval = Duration.seconds(1)

    private struct State {
        var lastProgress: ContinuousClock.Instant?
        /// A progress that was not told, because it came too soon.
        var untold: JSONValue?
        var failure: (any Error)?
    }

    private let trainer: TrainingRun
    private let folder: JobFolder
    private let events: WorkerEvents
    private let snapshots: SnapshotFolder
    private let state = Mutex(State())

    /// - Throws: `WorkerFailure` for a job whose configuration is wrong by now.
    init(
        _ order: TrainingOrder, _ spec: JobSpec, _ folder: JobFolder, _ events: WorkerEvents, codeVersion: String,
        ranks: Communicator
    ) throws {
        var request = TrainingRequest(order, spec, codeVersion: codeVersion, ranks: ranks)
        request.output = folder.run
        request.snapshotsDirectory = folder.snapshots
        request.metricLinesTold = events.metricLines()
        do { trainer = try TrainingRun(request) } catch { throw WorkerFailure(error) }
        self.folder = folder
        self.events = events
        snapshots = SnapshotFolder(folder.snapshots)
    }

    /// Passes a wish on; it is obeyed before the next step.
    func ask(_ wish: WorkerWish) { trainer.ask(for: wish) }

    /// Trains to the end, or to a wish.
    ///
    /// - Throws: `WorkerFailure`, `FileError` where something could not be told.
    func run() async throws -> WorkerLook.Outcome {
        let isStopped: Bool
        do {
            isStopped = try await trainer.run { [self] in take($0) }
        } catch {
            // However a run ends, its last word is how far it came.
            tellLast()
            guard let failure = error as? TrainingFailure else { throw error }
            throw WorkerFailure(failure)
        }
        if let failure = state.withLock({ $0.failure }) { throw failure }
        return isStopped ? .stopped : .succeeded
    }

    private func take(_ report: TrainingReport) {
        if let progress = report.progress {
            let tells = state.withLock { state in
                if let last = state.lastProgress, progress.step < progress.steps,
                    ContinuousClock.now - last < Self.progressInterval
                {
                    state.untold = report.value
                    return false
                }
                (state.lastProgress, state.untold) = (.now, nil)
                return true
            }
            if tells { events.tell(report.value) }
        } else {
            // Who reads the end has read how far it was.
            if case .string("end")? = report.value["event"] { tellLast() }
            events.tell(relative(report.value))
            durable(report.value)
        }
        // Who cannot tell any more stops before there is more to tell.
        if events.hasFailed { trainer.ask(for: .stop) }
    }

    /// Tells the progress that came too soon after the one before.
    private func tellLast() {
        if let last = state.withLock({ $0.untold.take() }) { events.tell(last) }
    }

    /// What others build on is on the disk before it is relied on.
    private func durable(_ value: JSONValue) {
        do {
            switch value["event"] {
            case .string("checkpoint"): try events.sync()
            case .string("snapshot"):
                try events.sync()
                if case .int(let step)? = value["step"] { try snapshots.markTaken(step) }
            default: break
            }
        } catch {
            state.withLock { $0.failure = $0.failure ?? error }
            trainer.ask(for: .stop)
        }
    }

    /// Paths as the folder knows them, wherever it lies.
    private func relative(_ value: JSONValue) -> JSONValue {
        guard case .object(let members) = value else { return value }
        return .object(
            members.map { member in
                guard case .string(let text) = member.value else { return member }
                return .init(member.name, .string(folder.relative(text)))
            })
    }
}

extension TrainingRequest {
    /// What every rank of a job is asked for.
    init(_ order: TrainingOrder, _ spec: JobSpec, codeVersion: String, ranks: Communicator) {
        self.init(config: order.config, output: nil)
        datasetsDirectory = spec.datasetsDirectory
        restrictsPaths = true
        initFromPath = order.initFromPath
        threads = spec.threads
        allowInexact = order.allowsInexact ?? false
        self.codeVersion = codeVersion
        self.ranks = ranks
    }
}

extension WorkerFailure {
    init(_ failure: TrainingFailure) {
        self.init(failure: JobFailure(failure.reason, failure.message))
    }
}
