import Models
import Platform
import Tensors

/// The best matrix product that this machine does: the limit that every other speed is measured against.
struct GEMMCeiling {
    private let products: [(layer: PackedLinear, x: Tensor)]
    private let pool: ThreadPool
    private let alone = ThreadPool(threads: 1)
    /// GFLOP/s of each product, split by us and by the library, a number a round.
    private var rates: [[Double]]

    /// Products of the sizes that a batch of `config` has: the fused projection, the output projection, both MLP layers.
    init(config: VisionTransformerConfig, batch: Int, pool: ThreadPool) {
        let (rows, width, hidden) = (batch * config.numTokens, config.embedDim, config.mlpHidden)
        products = [(3 * width, width), (width, width), (hidden, width), (width, hidden)].map { outputs, inputs in
            let weight = Tensor(shape: [outputs, inputs], repeating: 0.01)
            return (
                PackedLinear(weight: weight, bias: nil, cut: .byThread), Tensor(shape: [rows, inputs], repeating: 1)
            )
        }
        self.pool = pool
        rates = Array(repeating: [], count: 2 * products.count)
    }

    /// The best product: medians over the rounds, like the times they are held against.
    var gflops: Double { rates.map { $0.isEmpty ? 0 : $0.sorted()[$0.count / 2] }.max() ?? 0 }

    /// Runs each product, split by us and split by the library.
    mutating func measure() {
        for (index, (layer, x)) in products.enumerated() {
            let work = 2 * Double(x.count) * Double(layer.outFeatures)
            rates[2 * index].append(work / Stopwatch.seconds { _ = layer.forward(x, pool: pool) } / 1e9)
            NumericLibraries.prepareThread(libraryThreads: pool.threads)
            rates[2 * index + 1].append(work / Stopwatch.seconds { _ = layer.forward(x, pool: alone) } / 1e9)
            NumericLibraries.prepareThread()
        }
    }
}

/// Measures wall time.
enum Stopwatch {
    /// Seconds that `body` takes.
    static func seconds(_ body: () -> Void) -> Double {
        let duration = ContinuousClock().measure(body)
        return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
    }
}
