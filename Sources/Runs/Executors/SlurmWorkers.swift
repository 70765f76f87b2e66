import Jobs
import Platform
import Synchronization
import Training

/// Has a Slurm cluster run workers: the same program on the same folder, which lies where the nodes see it.
///
/// The worker's own word comes first. The scheduler is asked only where a heartbeat is old, and where it does not answer
/// nothing is concluded. A worker that two starts of a job come to have is one: whoever finds the folder locked, ended, or
/// of another attempt leaves.
///
/// A class because what is known of the jobs on the cluster has an identity.
final class SlurmWorkers: WorkerHost {
    private struct Watch {
        var ticket: JobFolder.SlurmTicket
        /// When the scheduler took it, or when we began to look.
        var since = ContinuousClock.now
        var beat: Int?
        var beatAt: ContinuousClock.Instant?
        var signs = 0
        /// How it ended without ever having been a worker.
        var refusal: WorkerLook.Outcome?
        /// Whether somebody tries to have the scheduler take it.
        var isHandedOver = false
        /// Whether somebody tries to have the scheduler forget it.
        var isCancelling = false
        var isCancelled = false
        var runsSince: ContinuousClock.Instant?
        var overSince: ContinuousClock.Instant?
        var told: SlurmWord?
        var notices: [JobNotice] = []
    }

    private let settings: SlurmSettings
    private let program: String
    private let commands: SlurmCommands
    private let queue: SlurmQueue
    private let watches = Mutex<[JobID: Watch]>([:])

    /// - Parameter program: as the nodes find it.
    init(_ settings: SlurmSettings, program: String) {
        self.settings = settings
        self.program = program
        commands = SlurmCommands(settings)
        queue = SlurmQueue(commands, interval: settings.interval)
    }

    func submit(_ job: Job, _ folder: JobFolder) async throws {
        let spec = try folder.spec()
        guard case .training(let order) = spec.work, let cluster = try TrainingConfiguration(order.config).cluster
        else {
            throw JobFolderError("The job \(job.id) asks for no cluster.")
        }
        let ticket = JobFolder.SlurmTicket(attempt: job.attempt, name: "vitscope-\(job.id)-\(RandomBytes.hex(4))")
        let script = SlurmScript(
            program: program, job: job, folder: place(of: folder), name: ticket.name, threads: spec.threads,
            ranks: spec.ranks,
            resources: cluster)
        do {
            try AtomicFile.write(Array(script.text.utf8), to: folder.script)
            try folder.write(ticket)
        } catch let error as FileError where error.isDiskFull { throw JobStoreError.diskFull }
        watches.withLock { $0[job.id] = Watch(ticket: ticket) }
        handOver(job, folder, mayBeThere: false)
    }

    /// As the nodes see it.
    private func place(of folder: JobFolder) -> String { Folder.destination(ofLink: folder.path) ?? folder.path }

    func forget(_ id: JobID) {
        guard let number = watches.withLock({ $0.removeValue(forKey: id) })?.ticket.number else { return }
        Task { [queue] in await queue.forget(number) }
    }
}

// MARK: - Looking

extension SlurmWorkers {
    func look(at job: Job, _ folder: JobFolder) async -> WorkerLife {
        let said = folder.state().flatMap { $0.attempt == job.attempt ? $0 : nil }
        guard var watch = watch(of: job, folder) else {
            return WorkerLife(end: said?.outcome ?? .crashed("no worker was there when the server came back"))
        }
        let now = ContinuousClock.now
        if let beat = said?.beat, beat != watch.beat { (watch.beat, watch.beatAt) = (beat, now) }
        var end = said?.outcome ?? watch.refusal
        let isFresh = watch.beatAt.map { now - $0 < settings.fresh } ?? false
        if end == nil, !isFresh { end = await judge(&watch, job, folder, hasBegun: said != nil, now) }
        let notices = watch.notices
        watch.notices = []
        // What others have found out meanwhile stays.
        watches.withLock { watches in
            guard let known = watches[job.id], known.ticket.name == watch.ticket.name else { return }
            watch.ticket = known.ticket
            watch.refusal = known.refusal
            watch.isHandedOver = known.isHandedOver
            watch.isCancelling = known.isCancelling
            watch.isCancelled = known.isCancelled
            watch.notices = Array(known.notices.dropFirst(notices.count))
            watches[job.id] = watch
        }
        return WorkerLife(end: end, signs: watch.signs, notices: notices)
    }

    /// What is known of a job, from the folder where this server did not start it; nil where it was never handed over.
    private func watch(of job: Job, _ folder: JobFolder) -> Watch? {
        if let known = watches.withLock({ $0[job.id] }), known.ticket.attempt == job.attempt { return known }
        guard let ticket = folder.ticket(), ticket.attempt == job.attempt else { return nil }
        let watch = Watch(ticket: ticket)
        watches.withLock { $0[job.id] = watch }
        return watch
    }

    /// What the scheduler's word means where the worker has said nothing for a while.
    ///
    /// - Returns: how the worker ended; nil where it lives, will live, or may live.
    private func judge(
        _ watch: inout Watch, _ job: Job, _ folder: JobFolder, hasBegun: Bool, _ now: ContinuousClock.Instant
    ) async -> WorkerLook.Outcome? {
        // What has not begun obeys nobody, so it is taken back.
        if !hasBegun, let wish = folder.control()?.wish, wish != .finish { await cancel(job, folder) }
        guard let number = watch.ticket.number else {
            handOver(job, folder, mayBeThere: true)
            watch.signs += 1
            return nil
        }
        guard let answers = await queue.latest(), answers.askedAt > watch.since else {
            watch.signs += 1
            return nil
        }
        var word = answers.words[number]
        if word == nil {
            // The scheduler forgets what is over (MinJobAge).
            guard let state = await queue.ending(of: number) else { return nil }
            word = SlurmWord(state: state.isEmpty ? "COMPLETED" : state, reason: "")
        }
        guard let word else { return nil }
        if word != watch.told {
            watch.told = word
            watch.notices.append(.log("Slurm's job \(number): \(word.sentence)"))
        }
        if word.fate != .over { watch.overSince = nil }
        if word.fate != .runs { watch.runsSince = nil }
        switch word.fate {
        case .waits:
            if word.isStuck { await cancel(job, folder) }
            watch.signs += 1
            return nil
        case .runs:
            let since = max(watch.runsSince ?? now, watch.beatAt ?? watch.since)
            watch.runsSince = watch.runsSince ?? now
            if now - since < settings.patience { watch.signs += 1 }
            return nil
        case .over:
            watch.overSince = watch.overSince ?? now
            watch.signs += 1
            guard let since = watch.overSince, now - since >= settings.settling else { return nil }
            if watch.isCancelled, !hasBegun { return .stopped }
            return .crashed("Slurm's job \(number) ended as \(word.state), and the worker left no word")
        }
    }
}

// MARK: - Handing over and taking back

extension SlurmWorkers {
    /// Has the scheduler take a job, however long it does not answer.
    ///
    /// - Parameter mayBeThere: whether somebody may have had it taken without hearing the number.
    private func handOver(_ job: Job, _ folder: JobFolder, mayBeThere: Bool) {
        let name: String? = watches.withLock { watches in
            guard let watch = watches[job.id], !watch.isHandedOver else { return nil }
            watches[job.id]?.isHandedOver = true
            return watch.ticket.name
        }
        guard let name else { return }
        Task.detached {
            await self.handOver(job, folder, name, mayBeThere: mayBeThere)
            self.change(job.id, name) { $0.isHandedOver = false }
        }
    }

    private func handOver(_ job: Job, _ folder: JobFolder, _ name: String, mayBeThere: Bool) async {
        var mayBeThere = mayBeThere, pause = settings.interval
        while let watch = watches.withLock({ $0[job.id] }), watch.ticket.name == name {
            if mayBeThere, let answers = await queue.answer() {
                if let number = answers.numbers[name] { return accept(number, job, folder, name) }
                mayBeThere = false
            }
            if !mayBeThere {
                // What nobody has taken yet needs no taking back.
                if watch.isCancelled || watch.isCancelling { return change(job.id, name) { $0.refusal = .stopped } }
                guard let arguments = arguments(job, folder, name) else {
                    return change(job.id, name) { $0.refusal = .crashed("its folder could not be read") }
                }
                let answer = await commands.run("sbatch", arguments)
                if let answer, answer.succeeded, let number = Self.number(answer.output) {
                    return accept(number, job, folder, name)
                }
                if let answer, !answer.succeeded, !answer.isSilence {
                    let failure = JobFailure(.configuration, Self.refusal(answer.errors))
                    return change(job.id, name) { $0.refusal = .failed(failure) }
                }
                // It may have been taken all the same.
                mayBeThere = true
                change(job.id, name) { watch in
                    let word = SlurmWord(state: "NO ANSWER", reason: "")
                    guard watch.told != word else { return }
                    watch.told = word
                    watch.notices.append(.log("Slurm does not answer; it is asked again"))
                }
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(60))
        }
    }

    private func arguments(_ job: Job, _ folder: JobFolder, _ name: String) -> [String]? {
        guard let spec = try? folder.spec(), case .training(let order) = spec.work,
            let cluster = try? TrainingConfiguration(order.config).cluster
        else { return nil }
        let script = SlurmScript(
            program: program, job: job, folder: place(of: folder), name: name, threads: spec.threads, ranks: spec.ranks,
            resources: cluster
        )
        return script.arguments(script: place(of: folder) + "/slurm.sh")
    }

    private func accept(_ number: String, _ job: Job, _ folder: JobFolder, _ name: String) {
        var isUnwanted = false
        change(job.id, name) { watch in
            watch.ticket.number = number
            watch.since = .now
            watch.notices.append(.log("Slurm has taken it as its job \(number)"))
            isUnwanted = watch.isCancelled || watch.isCancelling
            // Where this cannot be written, the name leads whoever comes later to the number.
            try? folder.write(watch.ticket)
        }
        if isUnwanted { takeBack(job.id, name, number) }
    }

    private func change(_ id: JobID, _ name: String, _ body: (inout Watch) -> Void) {
        watches.withLock { watches in
            guard var watch = watches[id], watch.ticket.name == name else { return }
            body(&watch)
            watches[id] = watch
        }
    }

    /// `123`, or `123;CLUSTER`.
    private static func number(_ output: String) -> String? {
        let first = output.split(whereSeparator: { $0 == ";" || $0.isWhitespace }).first.map(String.init)
        return first.flatMap { UInt32($0) == nil ? nil : $0 }
    }

    /// What sbatch(1) said, in a sentence.
    private static func refusal(_ errors: String) -> String {
        let words = errors.split(whereSeparator: \.isNewline).map { line in
            line.replacing("sbatch: error: ", with: "").replacing("sbatch: ", with: "")
        }
        return "Slurm refuses the job: " + String(words.joined(separator: " ").prefix(600))
    }

    func cancel(_ job: Job, _ folder: JobFolder) async {
        // Who has finished is gone; who has saved itself may be put in line again by the scheduler.
        switch folder.state().flatMap({ $0.attempt == job.attempt ? $0.outcome : nil }) {
        case .succeeded?, .failed?: return
        case .divided?, .stopped?, .crashed?, nil: break
        }
        guard let ticket = watch(of: job, folder)?.ticket else { return }
        var isNew = false
        change(job.id, ticket.name) { watch in
            isNew = !watch.isCancelling && !watch.isCancelled
            watch.isCancelling = true
        }
        if isNew, let number = ticket.number { takeBack(job.id, ticket.name, number) }
    }

    /// Has the scheduler end a job, however long it does not answer.
    private func takeBack(_ id: JobID, _ name: String, _ number: String) {
        Task.detached { [self] in
            var pause = settings.interval
            // A ghost that comes to be all the same finds a folder of another start, and leaves.
            for _ in 0..<100 {
                if let answer = await commands.run("scancel", [number]), answer.succeeded || !answer.isSilence { break }
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(60))
            }
            change(id, name) { watch in
                watch.isCancelled = true
                watch.isCancelling = false
            }
        }
    }
}
