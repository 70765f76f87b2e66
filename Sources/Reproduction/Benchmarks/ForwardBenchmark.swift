public import Catalogue
import JSON
import Models
import Platform
import Tensors

/// Times the forward pass with every attention map and hidden state kept, beside the machine's ceiling.
public enum ForwardBenchmark {
    /// Times `rounds` passes of `batch` images after one to warm up; between them, products for the ceiling.
    ///
    /// - Throws: `ServiceError.invalid` for an architecture without a name here, or counts out of range.
    public static func run(arch: String, batch: Int, threads: Int, rounds: Int) throws(ServiceError) -> BenchmarkReport
    {
        guard let config = VisionTransformerConfig.named(arch) else {
            let sizes = VisionTransformerConfig.knownSizes.joined(separator: ", ")
            throw .invalid("/arch", "“\(arch)” is unknown; write vit_SIZE_patchP_S with SIZE one of \(sizes).")
        }
        var faults: [Fault] = []
        for (name, value, range) in [
            ("batch", batch, 1...512), ("threads", threads, 1...1024), ("rounds", rounds, 1...1000),
        ]
        where !range.contains(value) {
            faults.append(
                .init(pointer: "/\(name)", detail: "\(name) must lie from \(range.lowerBound) to \(range.upperBound)."))
        }
        guard faults.isEmpty else { throw .invalid(faults) }
        NumericLibraries.prepareThread()
        let pool = ThreadPool(threads: threads) { NumericLibraries.prepareThread() }
        let model: VisionTransformer
        do { model = try VisionTransformer.random(config, seed: 0) } catch {
            throw .internalFault("random weights do not fit: \(error)")
        }
        let images = Tensor(
            shape: [batch, config.inChans, config.imgSize.height, config.imgSize.width], repeating: 0.5)
        var request = IntermediatesRequest()
        request.hiddenStates = Set(0...config.depth)
        for block in 0..<config.depth { request.attentions[block] = .all }
        var ceiling = GEMMCeiling(config: config, batch: batch, pool: pool)
        var seconds: [Double] = []
        for round in 0...rounds {
            ceiling.measure()
            let time = Stopwatch.seconds { _ = model.forwardIntermediates(images, request: request, pool: pool) }
            if round > 0 { seconds.append(time) }
        }
        return BenchmarkReport(
            arch: arch, batch: batch, threads: threads, seconds: seconds,
            flops: Double(batch) * model.forwardFLOPs, ceiling: ceiling)
    }
}
