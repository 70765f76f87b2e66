import Catalogue
import JSON
import Platform
import Synchronization

/// Which questions ended the process that computes. Of several that it worked on when it ended one was the cause, and
/// nobody knows which: each is a suspect, and is asked alone the next time. One that ends the process then is guilty, and is
/// refused from there on, also after a restart, until the program changes.
final class Suspicion: Sendable {
    private struct State {
        var suspects: Set<String> = []
        /// In the order in which they were found.
        var guilty: [String] = []
    }

    private struct File: Codable {
        let program: String
        let questions: [String]
    }

    /// Older ones are forgotten: they would be found again.
    private static let most = 10_000

    private let path: String
    private let program: String
    private let state: Mutex<State>

    /// - Parameters:
    ///   - path: of the file that remembers.
    ///   - program: the file of the running program.
    init(path: String, program: String) {
        self.path = path
        self.program = FileIdentity(program)?.text ?? ""
        let kept = (try? MappedFile.open(path)).flatMap { try? JSONValue.parse($0).decoded(as: File.self) }
        var state = State()
        if let kept, kept.program == self.program { state.guilty = kept.questions }
        self.state = Mutex(state)
    }

    /// Whether `key` is to be asked alone.
    ///
    /// - Throws: `ServiceError.fatal` for one that is refused.
    func isSuspect(_ key: String) throws(ServiceError) -> Bool {
        let (isGuilty, isSuspect) = state.withLock { ($0.guilty.contains(key), $0.suspects.contains(key)) }
        if isGuilty { throw Self.refusal }
        return isSuspect
    }

    static let refusal = ServiceError.fatal(
        "Twice the process that computes ended while it worked on this. It is refused until ViTScope is another version; "
            + "please report it.")

    /// The process ended while it worked on `key` beside others.
    func suspect(_ key: String) { state.withLock { _ = $0.suspects.insert(key) } }

    /// It was answered after all.
    func acquit(_ key: String) { state.withLock { _ = $0.suspects.remove(key) } }

    /// The process ended while it worked on `key` alone.
    func condemn(_ key: String) {
        let guilty = state.withLock { state in
            state.suspects.remove(key)
            state.guilty.append(key)
            state.guilty.removeFirst(max(0, state.guilty.count - Self.most))
            return state.guilty
        }
        // Who cannot write it down finds it again after a restart.
        if let file = try? JSONValue(encoding: File(program: program, questions: guilty)) {
            try? AtomicFile.write(file.json, to: path)
        }
    }
}
