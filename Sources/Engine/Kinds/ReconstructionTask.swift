import Analysis
import Catalogue
import Images
import JSON
import Models
import Platform
import Tensors

/// What MAE, SimMIM or a hybrid of both reconstructs of masked images (docs/science.md#reconstruction).
struct ReconstructionTask: AnalysisTask {
    /// What stands in visible patches of a reconstruction. Raw values are those of the parameter `visible`.
    enum Visible: String, Sendable, CaseIterable {
        case original, predicted
    }

    private let model: NamedModel
    private let masking: PatchMasking
    private let heads: Int?
    private let isNormed: Bool
    private let visible: Visible
    private let images: Int

    var models: [NamedModel] { [model] }
    /// The masked image, the reconstruction and the image.
    var mapSize: MapSize? { MapSize(maps: 3, numbers: saturatingSum(saturatingProduct(3, pixels), grid.count)) }
    /// The decoder is as much work as the encoder, about, and both are written for training.
    var secondsBeside: Double { Double(images) * model.model.config.forwardFLOPs * 2 / 5e10 }

    private var grid: GridSize { model.model.config.grid }
    /// Numbers of an image.
    private var pixels: Int {
        let config = model.model.config
        return saturatingProduct(grid.count, config.patchSize, config.patchSize, config.inChans)
    }

    init(
        model: NamedModel, masking: PatchMasking, heads: Int?, isNormed: Bool, visible: Visible, images: Int
    ) {
        self.model = model
        self.masking = masking
        self.heads = heads
        self.isNormed = isNormed
        self.visible = visible
        self.images = images
    }

    /// What one image gives.
    private struct Found: Sendable {
        /// (height, width, channels) each, levels from 0 to 1.
        let original, masked, reconstruction: Tensor
        let isMasked: [Bool]
        let maskedErrors, visibleErrors: Reconstruction.Errors
        /// The objective's own.
        let loss: Double
        /// Of the image and of the reconstruction.
        let curves: [[Double]]
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, cost = ForwardCost(config)
        // Maps and streams of a decoder's block are kept until its batch is done; MAE's has eight.
        let extra = saturatingProduct(
            8, saturatingSum(saturatingProduct(16, config.numTokens, config.numTokens), config.numTokens * 8192), 4)
        let bytes = saturatingSum(
            saturatingProduct(model.model.parameterCount, 8), saturatingProduct(context.images.count, pixels, 4 * 6),
            saturatingProduct(pixels, 64), cost.bytes(images: 1, extraBytesPerImage: extra))
        let found = try await context.admitted(bytes: bytes, alternative: "Ask for fewer images.") { slices in
            let reconstructor = try await slices.run { _ in
                try Reconstructor(model, try context.network(of: model.model), heads: heads)
            }
            return try await context.forEachBatch(
                of: Array(context.images.indices), model: model.model, batchSize: 1, slices
            ) { batch in
                let isMasked = masking.isMasked(batch.sources[0])
                let prediction = try context.time.measure("forward") {
                    try batch.checkCancellation()
                    return reconstructor.prediction(batch.pixels, isMasked, pool: batch.pool)
                }
                return context.time.measure("analysis") { look(batch.pixels, prediction, isMasked, batch.pool) }
            }
        }
        return answer(found)
    }

    /// - Parameters:
    ///   - pixels: (1, channels, height, width), normalized.
    ///   - prediction: (patches, patchSize²·channels), as the objective compares it.
    private func look(_ pixels: Tensor, _ prediction: Tensor, _ isMasked: [Bool], _ pool: ThreadPool) -> Found {
        let config = model.model.config
        let shapes = Reconstruction(grid: grid, patchSize: config.patchSize, channels: config.inChans)
        let own = pixels.patches(patchSize: config.patchSize, pool: pool)
            .patchesChannelsLast(channels: config.inChans, patchSize: config.patchSize).part(0)
        let target = isNormed ? own.standardizedRows(eps: 1e-6) : own
        let inObjective = shapes.errors(of: prediction, from: target, where: isMasked, true)
        let predicted = levels(isNormed ? shapes.denormalized(prediction, by: own) : prediction)
        let original = levels(own), blank = levels(Tensor.zeros(own.shape))
        let shown =
            visible == .predicted ? predicted : shapes.composed(predicted, where: isMasked, others: original)
        let panels = [
            original, shapes.composed(blank, where: isMasked, others: original), shown,
        ].map { shapes.image(of: $0) }
        let size = GridSize(rows: panels[0].shape[0], cols: panels[0].shape[1])
        let fourier = FourierAnalysis(grid: size)
        // Where no patch is masked and the visible ones are the image's own, nothing was reconstructed.
        let isReconstructed = visible == .predicted || isMasked.contains(true)
        let curves = [(panels[0], true), (panels[2], isReconstructed)].map { image, isMeasured in
            let curve = fourier.relativeLogAmplitude(
                image.reshaped([1, size.count, config.inChans]), numPrefixTokens: 0, pool: pool)
            return (0..<curve.cols).map { isMeasured ? curve[0, $0] : .nan }
        }
        return Found(
            original: panels[0], masked: panels[1], reconstruction: panels[2], isMasked: isMasked,
            maskedErrors: shapes.errors(of: predicted, from: original, where: isMasked, true),
            visibleErrors: shapes.errors(of: predicted, from: original, where: isMasked, false),
            loss: (model.model.decoder?.form == .mae ? inObjective.squared : inObjective.absolute) ?? .nan,
            curves: curves)
    }

    /// Normalized numbers as levels from 0 to 1: channels last, so that each third number is of one channel.
    private func levels(_ patches: Tensor) -> Tensor {
        let preprocess = model.model.transform.preprocess
        let mean = preprocess.mean.map { Float($0) }, std = preprocess.std.map { Float($0) }
        let numbers = patches.array.enumerated().map { $1 * std[$0 % 3] + mean[$0 % 3] }
        return Tensor(shape: patches.shape, numbers)
    }
}

extension ReconstructionTask {
    private func answer(_ found: [Found]) -> AnalysisAnswer {
        func images(_ part: (Found) -> Tensor) -> JSONValue {
            let all = Tensor.stacking(found.map(part))
            return .array(
                NamedArray(shape: all.shape, axes: ["image", "y", "x", "channel"], numbers: .float32(all)))
        }
        func perImage(_ part: (Found) -> Double?) -> JSONValue { .numbers(found.map(part), by: ["image"]) }
        let masks = Tensor(
            shape: [found.count, grid.rows, grid.cols], found.flatMap { $0.isMasked.map { $0 ? 1 : 0 } })
        let statistics = curves(found)
        let size = GridSize(
            rows: grid.rows * model.model.config.patchSize, cols: grid.cols * model.model.config.patchSize)
        func curve(_ numbers: [Double?]) -> JSONValue { .numbers(numbers, by: ["frequency"]) }
        var answer = AnalysisAnswer(
            fields: [
                ("decoder", .string(model.model.decoder?.form.rawValue ?? "")),
                ("panels", .strings(["masked", "reconstruction", "original"])),
                ("n_masked", .ints(found.map { $0.isMasked.count { $0 } })),
                (
                    "is_masked",
                    .array(NamedArray(shape: masks.shape, axes: ["image", "row", "col"], numbers: .float32(masks)))
                ),
                ("loss", perImage(\.loss)),
                ("masked_l1", perImage(\.maskedErrors.absolute)), ("masked_mse", perImage(\.maskedErrors.squared)),
                ("visible_l1", perImage(\.visibleErrors.absolute)), ("visible_mse", perImage(\.visibleErrors.squared)),
                (
                    "frequency_pi",
                    .array(
                        NamedArray(
                            shape: [statistics[0].mean.count], axes: ["frequency"],
                            numbers: .float64(FourierAnalysis(grid: size).frequencyPi)))
                ),
                ("original_log_amplitude", curve(statistics[0].mean)),
                ("reconstruction_log_amplitude", curve(statistics[1].mean)),
                ("blur", curve(statistics[2].mean)), ("blur_sem", curve(statistics[2].standardError)),
                ("masked", images(\.masked)), ("reconstruction", images(\.reconstruction)),
                ("original", images(\.original)),
            ], mainField: "reconstruction", reasons: reasons(found))
        answer.figures = [
            ResultFigure(.images, "reconstruction", title: "reconstruction", series: "panels"),
            ResultFigure(
                .lines, "blur", title: "blur of the reconstruction", x: "frequency_pi", band: "blur_sem",
                xLabel: "frequency (π)", yLabel: "Δ log amplitude beside the image's"),
            ResultFigure(
                .lines, "reconstruction_log_amplitude", title: "frequencies of the reconstruction", x: "frequency_pi",
                xLabel: "frequency (π)", yLabel: "Δ log amplitude"),
        ]
        return answer
    }

    /// Of the images, of the reconstructions, and of the difference image by image.
    private func curves(_ found: [Found]) -> [VectorStatistics] {
        let count = found.first?.curves[0].count ?? 0
        var sums = [VectorStatistics](repeating: VectorStatistics(count: count), count: 3)
        for one in found {
            sums[0].add(one.curves[0])
            sums[1].add(one.curves[1])
            sums[2].add(zip(one.curves[1], one.curves[0]).map { $0 - $1 })
        }
        return sums
    }

    private func reasons(_ found: [Found]) -> [Reason] {
        var reasons: [Reason] = []
        let counts = found.map { $0.isMasked.count { $0 } }
        if counts.contains(0) {
            let curves = ["/reconstruction_log_amplitude", "/blur"] + (found.count > 1 ? ["/blur_sem"] : [])
            reasons += (["/loss", "/masked_l1", "/masked_mse"] + (visible == .predicted ? [] : curves)).map {
                Reason(pointer: $0, reason: "Where there is no number, no patch is masked.")
            }
        }
        if counts.contains(grid.count) {
            reasons += ["/visible_l1", "/visible_mse"].map {
                Reason(pointer: $0, reason: "Where there is no number, every patch is masked.")
            }
        }
        return reasons + (found.count == 1 ? Reason.oneImage(["/blur_sem"]) : [])
    }
}
