public import Catalogue
import JSON
import Models
import Platform
import Tensors
import Training

/// Times a step of training from ready views to moved weights, beside the machine's ceiling.
public enum TrainingBenchmark {
    /// The methods that are timed: those that need no checkpoint.
    public static let methods = TrainingMethod.allCases.filter { !$0.needsCheckpoint }.map(\.rawValue)

    /// Times `rounds` steps on `batch` images of noise after one to warm up; between them, products for the ceiling.
    ///
    /// - Parameter word: the precision of the products in JSON's word: `f32`, `bf16`, `auto`.
    /// - Throws: `ServiceError.invalid` for a precision that there is not; for an unknown method or architecture, or counts
    ///   out of range: all at once.
    public static func run(
        method: String, arch: String, batch: Int, threads: Int, rounds: Int, precision word: String = "f32"
    ) throws(ServiceError) -> BenchmarkReport {
        let precision = try ForwardBenchmark.precision(word)
        var faults: [Fault] = []
        let config = VisionTransformerConfig.named(arch)
        if config == nil {
            let sizes = VisionTransformerConfig.knownSizes.joined(separator: ", ")
            faults.append(
                .init(
                    pointer: "/arch",
                    detail: "“\(arch)” is unknown; write vit_SIZE_patchP_S with SIZE one of \(sizes)."))
        }
        if !methods.contains(method) {
            let known = methods.joined(separator: ", ")
            faults.append(.init(pointer: "/method", detail: "“\(method)” is unknown; there are \(known)."))
        }
        for (name, value, range) in [
            ("batch", batch, 2...512), ("threads", threads, 1...1024), ("rounds", rounds, 1...1000),
        ]
        where !range.contains(value) {
            faults.append(
                .init(pointer: "/\(name)", detail: "\(name) must lie from \(range.lowerBound) to \(range.upperBound)."))
        }
        guard faults.isEmpty, let config else { throw .invalid(faults) }
        NumericLibraries.prepareThread()
        let pool = ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
        let objective = try objective(method, arch, config, precision)
        let images = noise(batch, config)
        var ceiling = GEMMCeiling(config: config, batch: batch, precision: precision, pool: pool)
        var state = objective.initialState(seed: 0), gradients = ParameterBuffer(objective.layout)
        var optimizer = Optimizer(
            .adamW(AdamWConstants()), layout: objective.layout,
            groups: [
                ParameterGroup(
                    objective.layout.parameters.filter { !objective.frozen.contains($0.name) }, weightDecay: 0.05)
            ], schedule: LearningRateSchedule(.constant, peak: 1e-4, totalSteps: rounds + 1))
        var seconds: [Double] = []
        Tensor.recyclingMemory {
            for round in 0...rounds {
                ceiling.measure()
                let time = Stopwatch.seconds {
                    gradients.zero()
                    _ = objective.step(
                        images, state: &state, gradients: &gradients, StepContext(step: round, epochs: 1, pool: pool))
                    let norm = optimizer.gradientNorm(gradients, pool: pool)
                    optimizer.step(round, weights: &state.weights, gradients: gradients, norm: norm, pool: pool)
                }
                if round > 0 { seconds.append(time) }
            }
        }
        return BenchmarkReport(
            method: method, arch: arch, batch: batch, threads: threads, precision: precision.rawValue, seconds: seconds,
            flops: Double(batch) * objective.stepFLOPs, ceiling: ceiling)
    }

    /// The objective with its usual settings over a plain network.
    private static func objective(
        _ method: String, _ arch: String, _ config: VisionTransformerConfig, _ precision: Precision
    ) throws(ServiceError) -> any Objective {
        var recipe = ViTRecipe(config, positions: .sinCos(.mocoV3))
        recipe.precision = precision
        do throws(TrainingError) {
            let job = try TrainingConfiguration(
                .object([
                    .init("method", .string(method)), .init("arch", .string(arch)),
                    .init("dataset", .string(DatasetSettings.builtIn)),
                ]))
            if job.method.isSupervised { recipe.config.numClasses = 1000 }
            return try job.makeObjective(recipe, classes: 1000)
        } catch { throw .internalFault("\(error)") }
    }

    private static func noise(_ batch: Int, _ config: VisionTransformerConfig) -> Batch {
        let shape = [batch, config.inChans, config.imgSize.height, config.imgSize.width]
        func uniform(_ name: String, _ shape: [Int]) -> Tensor {
            var random = RandomStream(seed: 0, name)
            return Tensor(shape: shape, (0..<shape.reduce(1, *)).map { _ in Float(random.uniform()) })
        }
        let noise = uniform("noise", [batch, config.grid.count])
        return Batch(
            views: (0..<3).map { uniform("view \($0)", shape) }, mask: noise.map { $0 < 0.6 ? 1 : 0 }, noise: noise,
            labels: (0..<batch).map { $0 % 1000 })
    }
}
