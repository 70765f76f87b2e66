import CMPI
import Synchronization

/// The processes that work on one thing together, the ranks of Open MPI; or this process alone.
///
/// Every rank makes the same calls in the same order, from one thread at a time. What goes wrong is remembered: later calls
/// do nothing, and `check` says what it was. So a computation in which ranks exchange numbers need not end in its midst, and
/// whoever relies on its numbers checks first.
///
/// A class because what went wrong has an identity.
public final class Communicator: Sendable {
    /// This process alone: nothing is exchanged, and no library is needed.
    public static let alone = Communicator(rank: 0, size: 1)

    /// Which of the processes this is, from 0.
    public let rank: Int
    /// How many there are.
    public let size: Int
    private let failure = Mutex<String?>(nil)

    private init(rank: Int, size: Int) {
        self.rank = rank
        self.size = size
    }

    /// Whether this is the one that writes files and speaks for all.
    public var isFirst: Bool { rank == 0 }

    /// Joins the processes that mpirun(1) or srun(1) started with this one. Once in a process.
    ///
    /// - Throws: `CommunicatorError` where there is no Open MPI, or it refuses.
    public static func join() throws(CommunicatorError) -> Communicator {
        if let lacking { throw CommunicatorError(lacking) }
        let code = cmpi_start()
        guard code == 0 else { throw CommunicatorError("Open MPI cannot be started: \(words(code)).") }
        return Communicator(rank: Int(cmpi_rank()), size: Int(cmpi_size()))
    }

    /// What is missing on this machine, and where it comes from; nil where Open MPI is there.
    public static var lacking: String? {
        let code = cmpi_load()
        return code == 0
            ? nil
            : "Several ranks need Open MPI, which is not here (\(words(code))). Install Debian's packages libopenmpi3 and "
                + "openmpi-bin, or train with one rank."
    }

    /// What the library calls itself, its first words; empty before it is loaded.
    public static var libraryVersion: String { text { cmpi_version($0, $1) } }

    /// - Throws: `CommunicatorError` where an exchange went wrong; its numbers are of no use then.
    public func check() throws(CommunicatorError) {
        if let sentence = failure.withLock({ $0 }) { throw CommunicatorError(sentence) }
    }

    /// Calls `body`, unless there is nobody else or something went wrong before.
    func exchange(_ what: String, _ body: () -> Int32) {
        guard size > 1, failure.withLock({ $0 == nil }) else { return }
        let code = body()
        guard code != 0 else { return }
        let sentence = "Rank \(rank) of \(size) could not \(what): \(Self.words(code))."
        failure.withLock { $0 = $0 ?? sentence }
    }

    private static func words(_ code: Int32) -> String { text { cmpi_error(code, $0, $1) } }

    private static func text(_ fill: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
        var room = [CChar](repeating: 0, count: 512)
        room.withUnsafeMutableBufferPointer { if let start = $0.baseAddress { fill(start, $0.count) } }
        return String(decoding: room.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension Communicator {
    /// The most bytes of one message, so that every count fits into a C int.
    static let mostBytes = 1 << 28

    /// The sums over all ranks.
    public func sum(_ numbers: [Double]) -> [Double] {
        guard size > 1 else { return numbers }
        var numbers = numbers
        exchange("sum numbers") {
            numbers.withUnsafeMutableBufferPointer { numbers in
                numbers.baseAddress.map { cmpi_sum_doubles($0, Int32(clamping: numbers.count)) } ?? 0
            }
        }
        return numbers
    }

    /// The sum over all ranks.
    public func sum(_ number: Double) -> Double { sum([number])[0] }

    /// `number` of each rank.
    public func gather(_ number: Int) -> [Int] {
        guard size > 1 else { return [number] }
        var all = [Int](repeating: 0, count: size)
        withUnsafeBytes(of: number) { own in all.withUnsafeMutableBytes { gather(own, into: $0) } }
        return all
    }

    /// The first sentence of the ranks that have one, with its rank; nil where none has.
    public func first(of sentence: String?) -> (rank: Int, sentence: String)? {
        guard size > 1 else { return sentence.map { (0, $0) } }
        guard let found = gather(sentence == nil ? 0 : 1).firstIndex(of: 1) else { return nil }
        let room = 1024
        var own = Array((sentence ?? "").utf8.prefix(room)), all = [UInt8](repeating: 0, count: room * size)
        own += [UInt8](repeating: 0, count: room - own.count)
        own.withUnsafeBytes { own in all.withUnsafeMutableBytes { gather(own, into: $0) } }
        let text = all[found * room..<(found + 1) * room].prefix { $0 != 0 }
        return (found, String(decoding: text, as: UTF8.self))
    }

    /// What rank 0 says.
    public func broadcast(_ number: Int) -> Int {
        guard size > 1 else { return number }
        var number = number
        withUnsafeMutableBytes(of: &number) { broadcast($0) }
        return number
    }

    /// Waits for all ranks.
    public func barrier() { exchange("wait for the others") { cmpi_barrier() } }

    /// The last call: waits for all ranks, and lets go of them.
    ///
    /// - Throws: `CommunicatorError`.
    public func leave() throws(CommunicatorError) {
        barrier()
        exchange("leave the others") { cmpi_finish() }
        try check()
    }

    /// Ends every rank, this one too.
    public func abort() {
        guard size > 1 else { return }
        cmpi_abort(1)
    }

    /// Replaces `bytes` by those of rank 0.
    package func broadcast(_ bytes: UnsafeMutableRawBufferPointer) {
        guard size > 1 else { return }
        for start in stride(from: 0, to: bytes.count, by: Self.mostBytes) {
            let count = min(Self.mostBytes, bytes.count - start)
            exchange("take what rank 0 sends") {
                bytes.baseAddress.map { cmpi_broadcast($0 + start, Int32(clamping: count)) } ?? 0
            }
        }
    }

    /// Fills `all` with the bytes of each rank, of which all have as many.
    package func gather(_ own: UnsafeRawBufferPointer, into all: UnsafeMutableRawBufferPointer) {
        precondition(all.count == own.count * size, "there is room for the bytes of \(size) ranks")
        precondition(own.count <= Self.mostBytes, "\(own.count) bytes are no message")
        exchange("gather what all ranks have") {
            guard let own = own.baseAddress, let target = all.baseAddress else { return 0 }
            return cmpi_gather(own, target, Int32(clamping: all.count / size))
        }
    }

    /// Replaces `numbers` by their sums over all ranks.
    package func sum(_ numbers: UnsafeMutableBufferPointer<Float>) {
        exchange("sum numbers") {
            numbers.baseAddress.map { cmpi_sum_floats($0, Int32(clamping: numbers.count)) } ?? 0
        }
    }
}
