import Catalogue
import Engine
import JSON
import Platform
import Synchronization

/// Has one file read by a process of its own.
struct ParserProcess: Sendable {
    private let program: String
    private let deaths: DeathCount
    private let lanes = TurnLanes(count: 4)

    init(program: String, deaths: DeathCount) {
        self.program = program
        self.deaths = deaths
    }

    /// How a parser ended that gave no answer.
    struct Death: Error {
        /// Such as “signal 4 ended it”.
        let how: String
    }

    /// Reads `input` and writes our own form of it to `output`.
    ///
    /// - Parameter bytes: of the input, which decide how much the parser may use.
    /// - Throws: `Death`, `FileError`, `CancellationError`.
    func read(_ order: ParserOrder, _ input: OpenFile, bytes: Int, to output: OpenFile) async throws -> ParserReply {
        try await lanes.run {
            let (socket, other) = try MessageSocket.pair()
            let limits = ParserHost.Limits(
                // The file, what of it has to be converted, and the program with its libraries.
                addressBytes: saturatingSum(saturatingProduct(bytes, 3), 3 << 30),
                cpuSeconds: 20 + bytes / (20 << 20), fileBytes: saturatingSum(saturatingProduct(bytes, 2), 512 << 20))
            let argument = try JSONValue(encoding: limits).text
            let message = try JSONValue(encoding: order).json
            // It never waits for anything but the disk, so its time on the clock is bounded with that on the processor.
            let killer = ChildKiller()
            let patience = Task {
                try await Task.sleep(for: .seconds(60 + 4 * limits.cpuSeconds))
                killer.kill()
            }
            defer { patience.cancel() }
            return try await withTaskCancellationHandler {
                async let end = ChildProcess.run(
                    program, ["parse", argument], own: socket, other: other, killer: killer)
                // Where the process could not be run, nobody holds the other end.
                try? socket.send(message, attaching: input.descriptor)
                try? socket.send([0], attaching: output.descriptor)
                let frame = try await WorkerThread().run { Frame.receive(from: socket) }
                let how = await end
                try Task.checkCancellation()
                guard let frame, let reply = try? frame.head.decoded(as: ParserReply.self) else {
                    deaths.count("parser")
                    throw Death(how: how)
                }
                return reply
            } onCancel: {
                killer.kill()
            }
        }
    }
}

/// A few who go at one time, the others in turn.
final class TurnLanes: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(free: count)) }

    /// Calls `body` when there is a lane.
    func run<R>(_ body: () async throws -> R) async throws -> R {
        await withCheckedContinuation { continuation in
            let goes = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if goes { continuation.resume() }
        }
        defer {
            let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
                guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
                state.free += 1
                return nil
            }
            next?.resume()
        }
        try Task.checkCancellation()
        return try await body()
    }
}
