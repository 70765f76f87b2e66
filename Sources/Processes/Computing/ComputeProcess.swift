import Catalogue
import Engine
import JSON
import Logging
import Platform
import Synchronization

/// The process that computes, seen from the server: it is started again whenever it ends, and its networks are loaded again
/// before anything else is asked of it.
///
/// A class because a process has an identity.
final class ComputeProcess: Sendable {
    /// An answer with what came beside it.
    typealias Answer = (reply: ComputeReply, payload: Bytes)

    private struct Pending {
        /// What is asked, for the suspicion; nil for what cannot be its fault.
        let key: String?
        let isAlone: Bool
        let continuation: CheckedContinuation<Answer, any Error>
    }

    private struct State {
        var socket: MessageSocket?
        var killer: ChildKiller?
        /// Whether somebody looks whether it still answers.
        var isWatched = false
        /// Whether its networks are loaded, so that questions may come.
        var isReady = false
        var isOver = false
        /// The folders that it may read, as they were when it began.
        var readable: [[UInt]?] = []
        /// Whether it is ended to be started again, and not by a fault.
        var isRenewed = false
        var lastNumber: UInt64 = 0
        var pending: [UInt64: Pending] = [:]
        /// Those who wait until it is ready.
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        /// Ends before it answered, one after another.
        var earlyEnds = 0
        /// Of the networks that it holds, in the order in which they came: fingerprint, form and its digest.
        var networks: [(fingerprint: String, path: String, digest: String)] = []
        /// Those during whose loading it ended.
        var unfinished: [String: Int] = [:]
    }

    private let program: String
    private let settings: ComputeSettings
    private let suspicion: Suspicion
    private let deaths: DeathCount
    private let logger: Logger
    private let turns = SharedTurns()
    private let state = Mutex(State())

    init(
        program: String, settings: ComputeSettings, suspicion: Suspicion, deaths: DeathCount, logger: Logger
    ) {
        self.program = program
        self.settings = settings
        self.suspicion = suspicion
        self.deaths = deaths
        self.logger = logger
    }

    /// Why questions are not answered now; nil where they are.
    var absence: String? {
        state.withLock { $0.isReady ? nil : "The process that computes is being started." }
    }

    /// Of the networks that it holds.
    var fingerprints: Set<String> { Set(state.withLock { $0.networks.map(\.fingerprint) }) }

    /// Starts it.
    ///
    /// - Parameter lost: told of networks that could not be loaded again.
    func start(lost: @escaping @Sendable (_ fingerprint: String) async -> Void) {
        Task.detached { [self] in await live(lost) }
    }

    /// Waits until questions are answered, for so long at the most.
    func settle(_ limit: Duration) async {
        await withTaskGroup { group in
            group.addTask { [self] in try? await waitUntilReady() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }

    /// Ends it, and starts none again.
    func end() async {
        let socket = state.withLock { state in
            state.isOver = true
            return state.socket
        }
        socket?.shutDown()
        let deadline = ContinuousClock.now + .seconds(5)
        while state.withLock({ $0.socket != nil }), ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(5))
        }
    }

    // MARK: Asking

    /// Asks once the process is there.
    ///
    /// - Parameter key: names what is asked, so that it is known again where it ends the process.
    /// - Throws: `ServiceError.fatal` for what ended it twice, `unavailable` where it ended in the middle,
    ///   `CancellationError`.
    func ask(_ request: ComputeRequest, payload: [Bytes] = [], key: String) async throws -> Answer {
        try await renewIfFoldersMoved()
        let isAlone = try suspicion.isSuspect(key)
        return try await turns.run(alone: isAlone) {
            // It may have been judged while this waited.
            _ = try suspicion.isSuspect(key)
            try await waitUntilReady()
            let answer = try await send(request, payload, key: key, isAlone: isAlone)
            if isAlone { suspicion.acquit(key) }
            return answer
        }
    }

    /// The kernel holds the process to folders and not to their names. Where another folder stands at a name now, a new
    /// process may read that one; it begins once what is under way is done.
    private func renewIfFoldersMoved() async throws {
        let now = settings.readable.map(Folder.number)
        func haveMoved(_ state: State) -> Bool {
            state.isReady && zip(state.readable, now).contains { $1 != nil && $0 != $1 }
        }
        guard state.withLock({ haveMoved($0) }) else { return }
        try await turns.run(alone: true) {
            let socket = state.withLock { state -> MessageSocket? in
                guard haveMoved(state) else { return nil }
                (state.isReady, state.isRenewed) = (false, true)
                return state.socket
            }
            guard let socket else { return }
            logger.info("A folder that is read was replaced: the process that computes is started anew.")
            socket.shutDown()
        }
    }

    /// Has a network held, now and after every start.
    ///
    /// - Throws: as `ask`.
    func load(_ fingerprint: String, at path: String, digest: String) async throws -> ComputeReply {
        let answer = try await ask(.load(path: path, digest: digest), key: "load " + fingerprint)
        if case .loaded = answer.reply {
            state.withLock { state in
                state.networks.removeAll { $0.fingerprint == fingerprint }
                state.networks.append((fingerprint, path, digest))
            }
        }
        return answer.reply
    }

    /// Lets go of a network.
    func forget(_ fingerprint: String) async {
        state.withLock { $0.networks.removeAll { $0.fingerprint == fingerprint } }
        _ = try? await send(.forget(fingerprint: fingerprint), [], key: nil, isAlone: false)
    }

    /// What it counted since its start; nil where it is not there.
    func counts() async -> ComputeReply? { try? await send(.counts, [], key: nil, isAlone: false).reply }

    private func send(
        _ request: ComputeRequest, _ payload: [Bytes], key: String?, isAlone: Bool
    ) async throws -> Answer {
        let head = try JSONValue(encoding: request)
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        let answer = try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Answer, any Error>) in
                // Whoever is entered here is resumed by whoever takes them out: an answer, an end, a cancel.
                let entered = state.withLock { state -> Result<MessageSocket, any Error> in
                    // A cancel from before this moment found nobody to send away.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    guard let socket = state.socket else { return .failure(Self.ended) }
                    state.pending[number] = Pending(key: key, isAlone: isAlone, continuation: continuation)
                    return .success(socket)
                }
                let socket: MessageSocket
                switch entered {
                case .success(let open): socket = open
                case .failure(let error): return continuation.resume(throwing: error)
                }
                do throws(FileError) { try Frame.send(number, head, payload: payload, over: socket) } catch {
                    // Where it is gone, whoever listens to it tells everybody.
                    if error.isDisconnected { return }
                    state.withLock { $0.pending.removeValue(forKey: number) }?.continuation.resume(throwing: error)
                    return
                }
                // A cancel that came before the question was on its way has overtaken it.
                if state.withLock({ $0.pending[number] == nil }) { sendCancel(of: number, over: socket) }
                if key != nil { watch() }
            }
        } onCancel: {
            let (pending, socket) = state.withLock { ($0.pending.removeValue(forKey: number), $0.socket) }
            guard let pending else { return }
            pending.continuation.resume(throwing: CancellationError())
            if let socket { sendCancel(of: number, over: socket) }
        }
        if case .failed(let error) = answer.reply { throw error }
        return answer
    }

    /// Who does not know the number, or is done with it, does nothing.
    private func sendCancel(of number: UInt64, over socket: MessageSocket) {
        guard let head = try? JSONValue(encoding: ComputeRequest.cancel(number)) else { return }
        try? Frame.send(0, head, over: socket)
    }

    private static let ended = ServiceError.unavailable(
        "The process that computes ended while it worked on this, and is started again. Ask again.")

    private func waitUntilReady() async throws {
        let number = state.withLock { state -> UInt64? in
            if state.isReady { return nil }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let number else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    if state.isReady { return .success(()) }
                    if Task.isCancelled { return .failure(CancellationError()) }
                    // Who ends again and again is not waited for.
                    if state.isOver || state.earlyEnds > 3 { return .failure(Self.ended) }
                    state.waiting[number] = continuation
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(throwing: CancellationError())
        }
    }

    // MARK: Living

    /// Runs one process after another until the end.
    private func live(_ lost: @escaping @Sendable (String) async -> Void) async {
        while !state.withLock({ $0.isOver }) {
            let (socket, other): (MessageSocket, Int32)
            do { (socket, other) = try MessageSocket.pair() } catch {
                logger.error("The process that computes cannot be started: \(error)")
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            let killer = ChildKiller()
            let readable = settings.readable.map(Folder.number)
            state.withLock { state in
                state.socket = socket
                state.killer = killer
                state.readable = readable
            }
            let argument = (try? JSONValue(encoding: settings)).map(\.text) ?? ""
            async let how = ChildProcess.run(program, ["compute", argument], own: socket, other: other, killer: killer)
            let ready = Task { [self] in await makeReady(lost) }
            // Whoever listens has a thread: answers come to those who wait, not to a pool that may be busy.
            let listener = WorkerThread()
            try? await listener.run { [self] in
                while let frame = Frame.receive(from: socket) { take(frame) }
                socket.shutDown()
            }
            let end = await how
            ready.cancel()
            await over(end)
        }
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for continuation in waiting { continuation.resume(throwing: Self.ended) }
    }

    private func take(_ frame: Frame) {
        guard let pending = state.withLock({ $0.pending.removeValue(forKey: frame.number) }) else { return }
        pending.continuation.resume(
            with: Result { (try frame.head.decoded(as: ComputeReply.self), frame.payload) })
    }

    /// Loads every network anew, then lets those in who wait.
    private func makeReady(_ lost: @Sendable (String) async -> Void) async {
        var gone: [String] = []
        for (fingerprint, path, digest) in state.withLock({ $0.networks }) {
            guard !Task.isCancelled else { return }
            let tries = state.withLock { state in
                state.unfinished[fingerprint, default: 0] += 1
                return state.unfinished[fingerprint] ?? 0
            }
            let reply: ComputeReply
            // Where the process ends with it, it is tried once more.
            if tries > 2 {
                logger.error("A model ends the process that computes when it is loaded, and stays out: \(fingerprint)")
                reply = .notLoaded(LoadFailure(sentence: "", report: nil))
            } else {
                do {
                    reply = try await send(.load(path: path, digest: digest), [], key: nil, isAlone: false).reply
                } catch {
                    return
                }
            }
            state.withLock { state in
                state.unfinished[fingerprint] = nil
                guard case .loaded = reply else { return state.networks.removeAll { $0.fingerprint == fingerprint } }
            }
            if case .loaded = reply {} else { gone.append(fingerprint) }
        }
        // It answers, so that it is there, whether or not it has a network.
        guard !Task.isCancelled, case .counts(let counts)? = await counts() else { return }
        if !counts.isConfined {
            logger.warning(
                "The kernel cannot confine the process that computes: it has no Landlock, or seccomp is not allowed here."
            )
        }
        let waiting = state.withLock { state in
            state.isReady = true
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for continuation in waiting { continuation.resume() }
        // Its file is read again, which says what is wrong where something is.
        for fingerprint in gone { await lost(fingerprint) }
    }

    // MARK: Watching

    /// How often somebody looks whether a process that is asked something still answers, how long that may take, and how
    /// often in a row it may take longer. Rounds are counted and not time, so that a machine that slept is no reason.
    private static let watchInterval = Duration.seconds(5), watchPatience = Duration.seconds(5), mostMissed = 12

    /// Ends a process that does not answer at all any more, while something is asked of it.
    private func watch() {
        let begins = state.withLock { state in
            defer { state.isWatched = true }
            return !state.isWatched
        }
        guard begins else { return }
        Task.detached { [self] in
            var missed = 0
            while true {
                try? await Task.sleep(for: Self.watchInterval)
                let killer = state.withLock { state -> ChildKiller? in
                    guard !state.isOver, state.pending.values.contains(where: { $0.key != nil }) else {
                        state.isWatched = false
                        return nil
                    }
                    return state.killer
                }
                guard let killer else { return }
                missed = await answersSoon() ? 0 : missed + 1
                guard missed >= Self.mostMissed else { continue }
                logger.error("The process that computes does not answer any more, and is ended.")
                killer.kill()
                missed = 0
            }
        }
    }

    private func answersSoon() async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in await counts() != nil }
            group.addTask {
                try? await Task.sleep(for: Self.watchPatience)
                return false
            }
            defer { group.cancelAll() }
            return await group.next() ?? false
        }
    }

    /// The process has ended.
    private func over(_ how: String) async {
        let (pending, isWanted, isOver, pause) = state.withLock { state in
            // One that answered for a while is no reason to wait.
            state.earlyEnds = state.isReady || state.isRenewed ? 0 : state.earlyEnds + 1
            state.socket = nil
            state.killer = nil
            state.isReady = false
            let pending = state.pending.values.map { $0 }
            state.pending = [:]
            defer { state.isRenewed = false }
            return (pending, state.isOver || state.isRenewed, state.isOver, state.earlyEnds)
        }
        if !isWanted {
            deaths.count("compute")
            logger.error(
                "The process that computes has ended, and is started again.",
                metadata: ["how": "\(how)", "questions": "\(pending.count)"])
        }
        for entry in pending {
            guard let key = entry.key, !isWanted else {
                entry.continuation.resume(throwing: Self.ended)
                continue
            }
            if entry.isAlone {
                suspicion.condemn(key)
                entry.continuation.resume(throwing: Suspicion.refusal)
            } else {
                suspicion.suspect(key)
                entry.continuation.resume(throwing: Self.ended)
            }
        }
        guard !isOver, pause > 3 else { return }
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            return state.waiting.values.map { $0 }
        }
        for continuation in waiting { continuation.resume(throwing: Self.ended) }
        try? await Task.sleep(for: .seconds(min(pause, 30)))
    }
}
