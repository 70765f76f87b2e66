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
        /// Whether its networks are loaded, so that questions may come.
        var isReady = false
        var isOver = false
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
    func start() {
        Task.detached { [self] in await live() }
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
                }
            }
        } onCancel: {
            let (pending, socket) = state.withLock { ($0.pending.removeValue(forKey: number), $0.socket) }
            guard let pending else { return }
            pending.continuation.resume(throwing: CancellationError())
            if let socket, let head = try? JSONValue(encoding: ComputeRequest.cancel(number)) {
                try? Frame.send(0, head, over: socket)
            }
        }
        if case .failed(let error) = answer.reply { throw error }
        return answer
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
    private func live() async {
        while !state.withLock({ $0.isOver }) {
            let (socket, other): (MessageSocket, Int32)
            do { (socket, other) = try MessageSocket.pair() } catch {
                logger.error("The process that computes cannot be started: \(error)")
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            state.withLock { $0.socket = socket }
            let argument = (try? JSONValue(encoding: settings)).map(\.text) ?? ""
            async let how = ChildProcess.run(program, ["compute", argument], socket: other)
            let ready = Task { [self] in await makeReady() }
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
    private func makeReady() async {
        for (fingerprint, path, digest) in state.withLock({ $0.networks }) {
            guard !Task.isCancelled else { return }
            state.withLock { $0.unfinished[fingerprint, default: 0] += 1 }
            do {
                _ = try await send(.load(path: path, digest: digest), [], key: nil, isAlone: false)
            } catch {
                // Where the process ended, it is tried once more; a form that it ends with twice stays out.
                if state.withLock({ $0.unfinished[fingerprint] ?? 0 }) > 1 {
                    logger.error(
                        "A model ends the process that computes when it is loaded, and stays out: \(fingerprint)")
                    state.withLock { $0.networks.removeAll { $0.fingerprint == fingerprint } }
                }
                return
            }
            state.withLock { $0.unfinished[fingerprint] = nil }
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
    }

    /// The process has ended.
    private func over(_ how: String) async {
        let (pending, isOver, pause) = state.withLock { state in
            // One that answered for a while is no reason to wait.
            state.earlyEnds = state.isReady ? 0 : state.earlyEnds + 1
            state.socket = nil
            state.isReady = false
            let pending = state.pending.values.map { $0 }
            state.pending = [:]
            return (pending, state.isOver, state.earlyEnds)
        }
        if !isOver {
            deaths.count("compute")
            logger.error(
                "The process that computes has ended, and is started again.",
                metadata: ["how": "\(how)", "questions": "\(pending.count)"])
        }
        for entry in pending {
            guard let key = entry.key, !isOver else {
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
