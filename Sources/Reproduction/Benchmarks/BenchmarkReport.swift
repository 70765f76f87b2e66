public import Catalogue
import Tensors

/// What a benchmark measured, beside the best matrix product of the same run.
public struct BenchmarkReport: Sendable, Codable {
    /// The training method; nil for a forward pass.
    public let method: String?
    public let arch: String
    public let batch: Int
    public let threads: Int
    public let precision: String
    /// What a forward pass shows; nil for a step of training.
    public let shows: String?
    public let rounds: Int
    /// What a pass or a step takes: the median of the rounds.
    public let durationSeconds: Double
    /// Images, or pairs of views for contrastive methods, a second.
    public let imagesPerSecond: Double
    public let gflops: Double
    /// The best matrix product of the same run.
    public let gemmCeilingGflops: Double
    /// Multiplying and adding in registers alone, in the same run.
    public let registerPeakGflops: Double
    public let fractionOfCeiling: Double
    /// The same in what else the processor multiplies, where no precision was asked for.
    public private(set) var otherPrecisions: [BenchmarkReport] = []

    /// - Parameters:
    ///   - seconds: of the rounds.
    ///   - flops: floating-point operations of a round.
    init(
        method: String? = nil, arch: String, batch: Int, threads: Int, precision: String, shows: String? = nil,
        seconds: [Double], flops: Double, ceiling: GEMMCeiling
    ) {
        let median = seconds.sorted()[seconds.count / 2]
        self.method = method
        self.arch = arch
        self.batch = batch
        self.threads = threads
        self.precision = precision
        self.shows = shows
        rounds = seconds.count
        durationSeconds = median
        imagesPerSecond = Double(batch) / median
        gflops = flops / median / 1e9
        gemmCeilingGflops = ceiling.gflops
        registerPeakGflops = ceiling.peakGflops
        fractionOfCeiling = gflops / ceiling.gflops
    }

    /// Times in `precision`, JSON's word, or where that is nil in f32 and, beside it, in what else the processor multiplies.
    public static func run(
        in precision: String?, _ run: (_ precision: String) throws(ServiceError) -> BenchmarkReport
    ) throws(ServiceError) -> BenchmarkReport {
        if let precision { return try run(precision) }
        var report = try run(Precision.f32.rawValue)
        for other in Precision.allCases where other != .f32 && other.lacking == nil {
            report.otherPrecisions.append(try run(other.rawValue))
        }
        return report
    }

    /// As people read it: what was timed, and how fast it was.
    public var text: String { ([line] + otherPrecisions.map(\.text)).joined(separator: "\n") }

    private var line: String {
        func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        return """
            \(method.map { "\($0), " } ?? "")\(arch), batch \(batch), \(threads) threads, \(precision), median of \
            \(rounds): \(number(imagesPerSecond)) images/s
            \(number(gflops)) GFLOP/s of \(number(gemmCeilingGflops)) that the best matrix product of this run did: \
            \(number(100 * fractionOfCeiling)) %; registers alone do \(number(registerPeakGflops))
            """
    }
}
