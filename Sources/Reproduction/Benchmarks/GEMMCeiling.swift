import Models
import Platform
import Tensors

/// The best matrix product that this machine does: the limit that every other speed is measured against.
struct GEMMCeiling {
    /// A product, and who cuts it for the threads.
    private struct Entry {
        let trial: ProductTrial
        let isCutByLibrary: Bool
        /// GFLOP/s, a number a round.
        var rates: [Double] = []
    }

    private let precision: Precision
    private let pool: ThreadPool
    private let alone = ThreadPool(threads: 1)
    private var entries: [Entry]
    private var peaks: [Double] = []

    /// Products of the sizes that a batch of `config` has: the fused projection, the output projection, both MLP layers;
    /// by oneDNN, cut by us and by itself, and in f32 by OpenBLAS as well.
    init(config: VisionTransformerConfig, batch: Int, precision: Precision, pool: ThreadPool) {
        let (rows, width, hidden) = (batch * config.numTokens, config.embedDim, config.mlpHidden)
        let sizes = [(3 * width, width), (width, width), (hidden, width), (width, hidden)]
        let backends: [PackedLinear.Backend] = precision == .f32 ? [.oneDNN, .openBLAS] : [.oneDNN]
        entries = backends.flatMap { backend in
            sizes.flatMap { outputs, inputs -> [Entry] in
                let trial = ProductTrial(
                    rows: rows, inputs: inputs, outputs: outputs, precision: precision, backend: backend, pool: pool)
                return backend == .oneDNN
                    ? [Entry(trial: trial, isCutByLibrary: false), Entry(trial: trial, isCutByLibrary: true)]
                    : [Entry(trial: trial, isCutByLibrary: false)]
            }
        }
        self.precision = precision
        self.pool = pool
    }

    /// The best product: medians over the rounds, like the times they are held against.
    var gflops: Double { entries.map { Self.median($0.rates) }.max() ?? 0 }

    /// What multiplying and adding in registers alone does, GFLOP/s: no product can do more.
    var peakGflops: Double { Self.median(peaks) }

    /// Runs each product.
    mutating func measure() {
        var operations = 0.0
        let seconds = Stopwatch.seconds {
            operations = ProductTrial.registers(precision, repetitions: 4_000_000, pool: pool)
        }
        peaks.append(operations / seconds / 1e9)
        for index in entries.indices {
            let entry = entries[index]
            if entry.isCutByLibrary { NumericLibraries.prepareThread(libraryThreads: pool.threads) }
            let seconds = Stopwatch.seconds { entry.trial.run(pool: entry.isCutByLibrary ? alone : pool) }
            if entry.isCutByLibrary { NumericLibraries.prepareThread() }
            entries[index].rates.append(entry.trial.operations / seconds / 1e9)
        }
    }

    private static func median(_ numbers: [Double]) -> Double {
        numbers.isEmpty ? 0 : numbers.sorted()[numbers.count / 2]
    }
}

/// Measures wall time.
enum Stopwatch {
    /// Seconds that `body` takes.
    static func seconds(_ body: () -> Void) -> Double {
        seconds(ContinuousClock().measure(body))
    }

    /// `duration` in seconds.
    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
