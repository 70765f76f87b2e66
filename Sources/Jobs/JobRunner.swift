public import FoundationEssentials

/// Takes jobs from the store, has an executor work on them, and writes down what becomes of them.
///
/// An actor because which workers run is shared mutable state. There is one on a store at a time.
public actor JobRunner {
    /// How many workers of each kind run at one time, and how long things may take.
    public struct Settings: Sendable {
        public var slots: [JobKind: Int] = [.training: 1, .analysis: 1]
        /// Jobs that a scheduler has at one time, which has them wait for their turn itself.
        public var handedOver = 256
        /// Between two looks at the workers.
        public var interval = Duration.milliseconds(100)
        /// Between two looks where nothing waits and nothing runs: clocks may have been set meanwhile.
        public var idleInterval = Duration.seconds(60)
        /// A worker that says nothing for so long is taken for dead, and killed to be sure.
        public var silence = Duration.seconds(30)
        /// How long a worker may take to obey a cancel before it is killed.
        public var patience = Duration.seconds(10)
        /// Rounds that lie further apart have not watched: the machine slept, or this process was held.
        public var absence = Duration.seconds(5)

        public init() {}
    }

    /// A worker that is followed.
    private struct Followed {
        var job: Job
        var beat = -1
        var lastSign: ContinuousClock.Instant
        var wish: WorkerWish?
        var wishedAt: ContinuousClock.Instant?
        /// Whether the wish has reached the worker.
        var isTold = false
        /// Whether there is a worker that can be asked for something.
        var isStarted = false
        /// Whether its work is done, and the job waits for its children.
        var isDone = false
    }

    let store: any JobStore
    private let executor: any Executor
    private let settings: Settings
    private let owner: String
    let now: @Sendable () -> Date
    private let instant: @Sendable () -> ContinuousClock.Instant
    private let changed: @Sendable (JobID) -> Void
    private let log: @Sendable (String) -> Void
    private let keep: @Sendable (Job) async -> Void
    private let bell = Bell()
    private var followed: [JobID: Followed] = [:]
    private var isDraining = false
    /// Looks come one after another, also where somebody asks for one besides.
    private var isLooking = false
    private var lastRound: ContinuousClock.Instant?

    /// - Parameters:
    ///   - owner: of this process; another in every start.
    ///   - instant: the clock that silence and patience are measured by.
    ///   - changed: told about every job that changed, after it is on the disk.
    ///   - log: told what went wrong outside of any job.
    ///   - keep: called with a job whose worker has done its work, before the job's end is written down; where the
    ///     process ends in between, it is called once more.
    public init(
        store: any JobStore, executor: any Executor, settings: Settings = Settings(), owner: String,
        now: @escaping @Sendable () -> Date = { Date() },
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        changed: @escaping @Sendable (JobID) -> Void = { _ in },
        log: @escaping @Sendable (String) -> Void = { _ in }, keep: @escaping @Sendable (Job) async -> Void = { _ in }
    ) {
        self.store = store
        self.executor = executor
        self.settings = settings
        self.owner = owner
        self.now = now
        self.instant = instant
        self.changed = changed
        self.log = log
        self.keep = keep
    }

    /// Jobs whose worker has said nothing for a while.
    public var stalled: Set<JobID> {
        let limit = settings.silence / 2
        return Set(followed.values.filter { !$0.isDone && instant() - $0.lastSign > limit }.map(\.job.id))
    }

    /// Takes over what another process on this store was doing when it ended: whose worker lives is followed, whose
    /// worker is gone ends or goes back to the queue.
    public func recover() async throws {
        var filter = JobFilter()
        filter.states = [.running]
        for job in try await store.jobs(filter, before: nil, limit: .max) {
            // What the old worker still does is under the new lease only if it is alive and well.
            guard let mine = try await commit(job, .adopted(owner: owner)) else { continue }
            followed[job.id] = Followed(job: mine, lastSign: instant(), isStarted: true)
        }
        await look()
    }

    /// Looks at the workers and starts new ones until the task is cancelled. Where there is neither a worker nor a job that
    /// could start, it sleeps until it is woken.
    public func run() async {
        while !Task.isCancelled {
            await look()
            await bell.wait(for: pause)
        }
    }

    /// Something may have been submitted, or changed by others than this runner.
    public nonisolated func wake() { bell.ring() }

    /// How long nothing needs to be looked at.
    private var pause: Duration {
        get async {
            guard followed.isEmpty else { return settings.interval }
            // Where the store does not answer, it is asked again soon.
            do {
                guard let next = try await store.nextStart() else { return settings.idleInterval }
                return min(max(.seconds(next.timeIntervalSince(now())), settings.interval), settings.idleInterval)
            } catch { return settings.interval }
        }
    }

    /// Starts no more workers, asks those that train to save themselves, and waits for them.
    ///
    /// - Parameter deadline: after which they are killed; they go on from their last checkpoint.
    public func drain(within deadline: Duration) async {
        isDraining = true
        let end = ContinuousClock.now + deadline
        while isLooking || !followed.isEmpty {
            // What goes on without us, the next server finds again.
            followed = followed.filter { !$0.value.isStarted || !$0.value.job.request.executor.outlivesServer }
            await look()
            guard isLooking || !followed.isEmpty else { return }
            if !isLooking, ContinuousClock.now > end || Task.isCancelled {
                for entry in followed.values { await executor.kill(entry.job) }
                await look()
                return
            }
            // A round that somebody else has begun comes to its end also where this task is cancelled.
            if (try? await Task.sleep(for: settings.interval)) == nil { await Task.yield() }
        }
    }

    /// Asks a job for something on behalf of a user.
    ///
    /// - Returns: the job afterwards; nil where there is none of this id.
    /// - Throws: `JobRefusal`, and what the store throws.
    public func request(_ event: JobEvent, of id: JobID) async throws -> Job? {
        while let job = try await store.job(id) {
            let change = try JobChange(job, event, at: now())
            guard !change.isEmpty else { return job }
            guard try await store.commit(change) else { continue }
            changed(id)
            bell.ring()
            hold(change.after)
            await pass(on: id)
            if change.after.state.isTerminal { await cancelChildren(of: id) }
            return change.after
        }
        return nil
    }
}

extension JobRunner {
    /// One round: what the workers have said, then new workers.
    public func look() async {
        guard !isLooking else { return }
        isLooking = true
        defer { isLooking = false }
        forgiveAbsence()
        for id in followed.keys.sorted(by: { $0.text < $1.text }) {
            do { try await follow(id) } catch { log("job \(id): \(error)") }
        }
        guard !isDraining else { return }
        for (kind, slots) in settings.slots.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            await fill(slots, kind, .local)
        }
        await fill(settings.handedOver, .training, .slurm)
    }

    /// Starts jobs of a kind until as many run as may.
    private func fill(_ slots: Int, _ kind: JobKind, _ executor: ExecutorName) async {
        do {
            // A training whose steps are done leaves its place while it waits for its analyses.
            while !isDraining,
                followed.values.count(where: {
                    $0.job.request.kind == kind && $0.job.request.executor == executor && !$0.isDone
                }) < slots,
                try await begin(kind, executor)
            {}
        } catch {
            log("no job could be started: \(error)")
        }
    }

    /// Gives workers back the time in which nobody watched them: they may have been held as long as we were.
    private func forgiveAbsence() {
        let start = instant()
        defer { lastRound = start }
        guard let lastRound, start - lastRound > settings.absence else { return }
        for (id, entry) in followed {
            followed[id]?.lastSign = entry.lastSign + (start - lastRound)
            followed[id]?.wishedAt = entry.wishedAt.map { $0 + (start - lastRound) }
        }
    }

    /// Starts the next job of a kind; false where none waits.
    private func begin(_ kind: JobKind, _ executorName: ExecutorName) async throws -> Bool {
        guard let job = try await store.claim(kind, for: executorName, owner: owner, at: now()) else { return false }
        changed(job.id)
        try await start(job)
        return true
    }

    private func start(_ job: Job) async throws {
        followed[job.id] = Followed(job: job, lastSign: instant())
        do {
            try await executor.start(job)
            followed[job.id]?.isStarted = true
        } catch JobStoreError.diskFull {
            try await finish(job.id, .failed(JobFailure(.diskFull, "\(JobStoreError.diskFull)")))
        } catch {
            try await finish(job.id, .crashed("it could not be started (\(error))"))
        }
    }

    /// Its work is done, and its place free, until its children are at their end.
    func wait(for id: JobID) {
        followed[id]?.isDone = true
        if isDraining { followed[id] = nil }
    }

    /// Starts the worker of a job that has waited once more; the next server does where this one ends.
    func startAgain(_ id: JobID) async throws {
        guard !isDraining, let job = followed[id]?.job else { return followed[id] = nil }
        try await start(job)
    }

    private func follow(_ id: JobID) async throws {
        guard let entry = followed[id] else { return }
        let look = await executor.look(at: entry.job)
        if look.beat != entry.beat {
            followed[id]?.beat = look.beat
            followed[id]?.lastSign = instant()
        }
        guard try await record(look, of: id) else { return }
        switch look.life {
        case .running: try await keepAlive(id)
        case .ended(let outcome): try await finish(id, outcome)
        }
    }

    /// Writes down what the worker has said.
    ///
    /// - Returns: false where the job is no longer ours.
    private func record(_ look: WorkerLook, of id: JobID) async throws -> Bool {
        if let report = look.report {
            guard try await commitFollowed(id, .reported(report), look.findings) else { return false }
        }
        if let reason = look.finishReason, followed[id]?.job.finishRequestedAt == nil {
            guard try await commitFollowed(id, .finishRequested(reason: reason)) else { return false }
        }
        if let reason = look.parentFinishReason, let parent = followed[id]?.job.request.parentID {
            // A parent that is at its end needs no reason to end.
            _ = try? await request(.finishRequested(reason: reason), of: parent)
        }
        return followed[id] != nil
    }

    /// Passes wishes on, and does away with a worker that is silent or does not obey.
    private func keepAlive(_ id: JobID) async throws {
        await pass(on: id)
        guard let entry = followed[id] else { return }
        let isLate =
            entry.wish == .cancel && entry.wishedAt.map { instant() - $0 > settings.patience } ?? false
        if isLate || instant() - entry.lastSign > settings.silence {
            await executor.kill(entry.job)
            // What it said last still counts; the next look finds it gone.
        }
    }

    /// Tells the worker what is wanted of it, until it is told.
    private func pass(on id: JobID) async {
        guard let entry = followed[id], entry.isStarted else { return }
        let wish: WorkerWish? =
            if entry.job.cancelRequestedAt != nil { .cancel } else if entry.job.pauseRequestedAt != nil {
                .stop
            } else if isDraining, !entry.job.request.executor.outlivesServer {
                .stop
            } else if entry.job.finishRequestedAt != nil { .finish } else { nil }
        guard let wish, wish != entry.wish || !entry.isTold else { return }
        if wish != entry.wish {
            followed[id]?.wish = wish
            followed[id]?.wishedAt = instant()
        }
        // Before the waiting, so that two who come at the same time tell it once.
        followed[id]?.isTold = true
        do { try await executor.ask(entry.job, for: wish) } catch {
            followed[id]?.isTold = false
            log("job \(id): \(error)")
        }
    }

    private func finish(_ id: JobID, _ outcome: WorkerLook.Outcome) async throws {
        guard let entry = followed[id] else { return }
        let event: JobEvent
        switch outcome {
        case .divided:
            guard let end = try await endOfParts(of: entry.job) else { return }
            event = end
        case .succeeded:
            // A trained model is done when it has been looked at.
            if entry.job.cancelRequestedAt == nil, try await store.unfinishedChildren(of: id) > 0 {
                return wait(for: id)
            }
            if entry.job.cancelRequestedAt == nil { await keep(entry.job) }
            event = .succeeded
        case .stopped: event = .stopped
        case .failed(let failure): event = .failed(failure)
        case .crashed(let how): event = isDraining ? .stopped : .crashed(how)
        }
        // Nothing of it may live on when another worker starts.
        await executor.kill(entry.job)
        _ = try await commitFollowed(id, event)
        followed[id] = nil
        if let job = try await store.job(id), job.state != .succeeded, job.state.isTerminal {
            await cancelChildren(of: id)
        }
    }

    private func cancelChildren(of id: JobID) async {
        var filter = JobFilter()
        filter.parentID = id
        filter.kind = .analysis
        filter.states = [.queued, .running]
        for child in (try? await store.jobs(filter, before: nil, limit: .max)) ?? [] {
            _ = try? await request(.cancelRequested, of: child.id)
        }
    }

    /// Applies an event to a followed job, whatever users ask for meanwhile.
    ///
    /// - Returns: false where the job is no longer ours, which is then no longer followed.
    func commitFollowed(
        _ id: JobID, _ event: JobEvent, _ findings: WorkerFindings = WorkerFindings()
    ) async throws -> Bool {
        guard let job = followed[id]?.job else { return false }
        guard let after = try await commit(job, event, findings) else {
            followed[id] = nil
            return false
        }
        hold(after)
        return true
    }

    /// Keeps the newest of a followed job; a user's request may have been faster.
    private func hold(_ job: Job) {
        guard let known = followed[job.id]?.job, known.version < job.version else { return }
        followed[job.id]?.job = job
    }

    /// Applies an event to a job under our lease.
    ///
    /// - Returns: the job afterwards; nil where the lease is somebody else's.
    private func commit(
        _ job: Job, _ event: JobEvent, _ findings: WorkerFindings = WorkerFindings()
    ) async throws -> Job? {
        var job = job
        while true {
            let change: JobChange
            do throws(JobRefusal) {
                change = try JobChange(job, event, at: now(), findings: findings)
            } catch {
                log("job \(job.id): \(error)")
                return nil
            }
            guard !change.isEmpty else { return job }
            if try await store.commit(change) {
                changed(job.id)
                if let parent = job.request.parentID, !change.parentNotices.isEmpty { changed(parent) }
                return change.after
            }
            guard let newer = try await store.job(job.id), newer.leaseToken == job.leaseToken else { return nil }
            job = newer
        }
    }
}
