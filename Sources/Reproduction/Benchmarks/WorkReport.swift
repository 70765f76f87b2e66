/// What a benchmark of an analysis, or of loading, measured.
public struct WorkReport: Sendable, Codable {
    /// What was timed, with its sizes, as people read it.
    public let work: String
    public let threads: Int
    public let rounds: Int
    /// The median of the rounds.
    public let durationSeconds: Double
    /// What the matrix products alone take that it cannot do without, from the best rate of the same run; nil where the
    /// work is none of products.
    public let productSeconds: Double?
    /// The least memory that the work reads: a checkpoint, or features in f32.
    public let inputBytes: Int?

    init(
        _ work: String, threads: Int, seconds: [Double], productSeconds: Double? = nil, inputBytes: Int? = nil
    ) {
        self.work = work
        self.threads = threads
        rounds = seconds.count
        durationSeconds = seconds.isEmpty ? 0 : seconds.sorted()[seconds.count / 2]
        self.productSeconds = productSeconds
        self.inputBytes = inputBytes
    }

    /// As people read it.
    public var text: String {
        func number(_ value: Double) -> String { "\((value * 1000).rounded() / 1000)" }
        let products = productSeconds.map { "; its products alone take \(number($0)) s" } ?? ""
        return "\(work), \(threads) threads, median of \(rounds): \(number(durationSeconds)) s\(products)"
    }
}
