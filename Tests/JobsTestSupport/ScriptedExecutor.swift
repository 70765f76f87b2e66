public import Jobs

/// An executor without processes: what its workers say, a test says.
///
/// An actor because it is shared mutable state.
public actor ScriptedExecutor: Executor {
    /// What was asked of it, in order.
    public private(set) var calls: [String] = []
    /// The looks that come next for a job; the last one stays.
    private var looks: [JobID: [WorkerLook]] = [:]
    private var startError: JobStoreError?
    private var askError: JobStoreError?
    private var onAsk: [WorkerWish: WorkerLook.Outcome] = [:]
    private var onKill = WorkerLook.Outcome.crashed("it was killed")
    private var beats = 0
    private var isBeating = true

    public init() {}

    /// The next looks at a job's worker.
    public func script(_ id: JobID, _ looks: [WorkerLook]) { self.looks[id] = looks }

    public func script(_ id: JobID, _ life: WorkerLook.Life) { looks[id] = [WorkerLook(life: life)] }

    /// A worker that is asked for `wish` ends like this.
    public func obey(_ wish: WorkerWish, with outcome: WorkerLook.Outcome) { onAsk[wish] = outcome }

    public func failToStart(_ error: JobStoreError?) { startError = error }

    public func failToAsk(_ error: JobStoreError?) { askError = error }

    /// Workers live, but say so no more.
    public func fallSilent() { isBeating = false }

    public func count(_ call: String) -> Int { calls.count { $0 == call } }

    public func start(_ job: Job) throws {
        calls.append("start")
        if let startError { throw startError }
        if looks[job.id] == nil { script(job.id, .running) }
    }

    public func look(at job: Job) -> WorkerLook {
        var look = looks[job.id]?.first ?? WorkerLook(life: .ended(.crashed("there is none")))
        if let rest = looks[job.id], rest.count > 1 { looks[job.id] = Array(rest.dropFirst()) }
        if isBeating { beats += 1 }
        look.beat = beats
        // What was read is not read again.
        if let report = look.report, report.offset <= job.reportOffset {
            look.report = nil
            look.findings = WorkerFindings()
        }
        return look
    }

    public func ask(_ job: Job, for wish: WorkerWish) throws {
        calls.append("ask \(wish.rawValue)")
        if let askError { throw askError }
        if let outcome = onAsk[wish] { script(job.id, .ended(outcome)) }
    }

    public func kill(_ job: Job) {
        calls.append("kill")
        if case .running = looks[job.id]?.first?.life { script(job.id, .ended(onKill)) }
    }

    public func remove(_ id: JobID) {
        calls.append("remove")
        looks[id] = nil
    }
}
