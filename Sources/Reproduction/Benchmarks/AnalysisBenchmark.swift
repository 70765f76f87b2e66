import Analysis
public import Catalogue
import Engine
import JSON
import Platform
import Tensors
import Training

/// Times analyses on features of noise, without a model before them.
public enum AnalysisBenchmark {
    /// How much there is of what is analysed.
    public struct Settings: Sendable {
        /// Images; of t-SNE points.
        public var images = 10_000
        /// Layers, or depths.
        public var layers = 13
        /// Features of each image.
        public var width = 768
        public var classes = 10
        /// Of a probe's training.
        public var epochs = 10
        /// Of t-SNE.
        public var iterations = 500
        public var threads = 1
        public var rounds = 1

        public init() {}

        /// - Throws: `ServiceError.invalid` with every number that is out of range.
        fileprivate func check() throws(ServiceError) {
            var faults = [
                ("images", images, 8...1_000_000), ("layers", layers, 1...1000), ("width", width, 2...65_536),
                ("classes", classes, 2...100_000), ("epochs", epochs, 1...100_000),
                ("iterations", iterations, 1...100_000), ("threads", threads, 1...1024), ("rounds", rounds, 1...1000),
            ].compactMap { name, value, range in
                range.contains(value)
                    ? nil
                    : Fault(
                        pointer: "/\(name)",
                        detail: "\(name) must lie from \(range.lowerBound) to \(range.upperBound).")
            }
            if saturatingProduct(images, width, layers) > Self.limit {
                faults.append(Fault(pointer: "/images", detail: "images × width × layers must be below \(Self.limit)."))
            }
            guard faults.isEmpty else { throw .invalid(faults) }
        }

        /// Numbers in all features.
        private static let limit = 1_000_000_000

        fileprivate var pool: ThreadPool {
            NumericLibraries.prepareThread()
            return ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
        }
    }

    /// The alignment of every layer with every layer, of all images at once, beside the products of its cheaper form.
    public static func cka(_ settings: Settings) throws(ServiceError) -> WorkReport {
        try settings.check()
        let pool = settings.pool, (samples, width, layers) = (settings.images, settings.width, settings.layers)
        let features = (0..<layers).map { DoubleMatrix(noise(samples, width, "cka \($0)")) }
        var seconds: [Double] = [], rates: [Double] = []
        let left = DoubleMatrix(noise(width, samples, "product"))
        for _ in 0..<settings.rounds {
            rates.append(
                2 * Double(width) * Double(width) * Double(samples)
                    / Stopwatch.seconds { _ = left.product(features[0], pool: pool) })
            seconds.append(Stopwatch.seconds { _ = CKA.matrix(features, pool: pool) })
        }
        let (n, p, l) = (Double(samples), Double(width), Double(layers)), pairs = l * (l + 1) / 2
        // A matrix by itself is symmetric, so half of it is enough.
        let operations = min(n * p * p * (2 * pairs - l), n * n * p * l + n * n * pairs)
        return WorkReport(
            "CKA of \(layers) × \(layers) layers of \(width) features, \(samples) images", threads: settings.threads,
            seconds: seconds, productSeconds: operations / (rates.max() ?? 1),
            inputBytes: saturatingProduct(samples, width, layers, 4))
    }

    /// t-SNE of points in as many clusters as there are classes.
    public static func tsne(_ settings: Settings) throws(ServiceError) -> WorkReport {
        try settings.check()
        let pool = settings.pool, width = settings.width
        let centres = noise(settings.classes, width, "centres").array
        var points = noise(settings.images, width, "points").array
        for image in 0..<settings.images {
            let centre = image % settings.classes * width
            for place in 0..<width {
                points[image * width + place] = points[image * width + place] / 4 + centres[centre + place]
            }
        }
        let samples = DoubleMatrix(Tensor(shape: [settings.images, width], points))
        var search = TSNE()
        search.iterations = settings.iterations
        var seconds: [Double] = []
        for _ in 0..<settings.rounds {
            seconds.append(Stopwatch.seconds { _ = try? search.embed(samples, pool: pool) })
        }
        return WorkReport(
            "t-SNE of \(settings.images) points of \(width) features, \(settings.iterations) iterations",
            threads: settings.threads, seconds: seconds)
    }

    /// Linear classifiers of all depths, from features that are there, as `linear-probe` trains them.
    public static func probe(_ settings: Settings) throws(ServiceError) -> WorkReport {
        try settings.check()
        let pool = settings.pool
        let samples = FeatureProbe.Samples(
            features: (0..<settings.layers).map { noise(settings.images, settings.width, "depth \($0)") },
            labels: (0..<settings.images).map { $0 % settings.classes })
        let schedule = FeatureProbe.Schedule(epochs: settings.epochs)
        var seconds: [Double] = []
        for _ in 0..<settings.rounds {
            seconds.append(
                Stopwatch.seconds {
                    _ = FeatureProbe.logits(
                        train: samples, on: samples.features, classes: settings.classes, schedule: schedule, pool: pool)
                })
        }
        return WorkReport(
            "linear probes of \(settings.layers) depths of \(settings.width) features, \(settings.images) images, "
                + "\(settings.epochs) epochs", threads: settings.threads, seconds: seconds,
            inputBytes: saturatingProduct(settings.images, settings.width, settings.layers, 4))
    }

    /// (rows, columns) of numbers from −0.5 to 0.5.
    private static func noise(_ rows: Int, _ columns: Int, _ name: String) -> Tensor {
        var random = RandomStream(seed: 0, name)
        return Tensor(shape: [rows, columns], (0..<rows * columns).map { _ in Float(random.uniform() - 0.5) })
    }
}
