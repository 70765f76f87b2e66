import Analysis
import Images
import JSON
import Models
import Tensors

/// How much accuracy noise of one band of frequencies costs, band by band (Park and Kim 2022; science: B.8).
struct FrequencyRobustnessTask: AnalysisTask {
    /// Where the noise is added.
    enum Space: String, Sendable, CaseIterable {
        /// After mean and deviation were taken out, as the published code does.
        case normalized
        /// To pixels of 0…1.
        case pixel

        /// The published example's 0.7, and about the same through a deviation of 0.225.
        var eps: Double { self == .normalized ? 0.7 : 0.16 }
    }

    private enum Switch: String, CaseIterable { case yes = "true", no = "false" }

    let model: NamedModel
    let frequencies: [Double]
    let halfWindow: Double
    let eps: Double
    /// Whether the noise is ±eps, or normal with that deviation.
    let sign: Bool
    let space: Space
    let trainFraction: Double
    let seed: UInt64
    let convention: Convention

    var models: [NamedModel] { [model] }
    var turnKey: String? { nil }

    /// Reads the parameters; nil, with a fault noted, where they do not fit.
    static func read(_ parameters: inout ParameterReader, _ model: NamedModel) -> FrequencyRobustnessTask? {
        var frequencies = [0.1, 0.3, 0.5, 0.7, 0.9]
        if let text = parameters.text("frequencies") {
            let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
            frequencies = numbers.compactMap { $0 }
            let fits = frequencies.count == numbers.count && frequencies.count <= 32
            guard fits, frequencies.allSatisfy({ (0...1).contains($0) }) else {
                parameters.add(
                    "frequencies",
                    "“\(text.shortened)” is not possible for frequencies: write up to 32 numbers from 0 to 1, in units of "
                        + "π, with commas between them.")
                return nil
            }
        }
        let size = model.model.config.imgSize
        guard FrequencyBandNoise.fits(height: size.height, width: size.width) else {
            parameters.add(
                "frequencies",
                "Bands of frequencies need images with even sides, and this model takes \(size.height)×\(size.width) "
                    + "pixels: register it with another img_size.")
            return nil
        }
        let space = parameters.choice("space", default: Space.normalized)
        return FrequencyRobustnessTask(
            model: model, frequencies: frequencies,
            halfWindow: parameters.number("half_window", in: 0...1) ?? 0.1,
            eps: parameters.number("eps", in: 0...1000) ?? space.eps,
            sign: parameters.choice("sign", default: Switch.yes) == .yes, space: space,
            trainFraction: parameters.number("train_fraction", in: 0.01...0.99) ?? 0.5,
            seed: UInt64(parameters.integer("seed", in: 0...Int.max) ?? 0),
            convention: parameters.choice("convention", default: .corrected))
    }

    var canonical: [String] {
        [
            "frequencies \(frequencies)", "half_window \(halfWindow)", "eps \(eps)", "sign \(sign)",
            "space \(space.rawValue)", "train_fraction \(trainFraction)", "seed \(seed)",
            "convention \(convention.rawValue)",
        ]
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let config = model.model.config, size = config.imgSize, cost = ForwardCost(config)
        let probe = try AccuracyProbe(model.model, context.images, trainFraction: trainFraction, seed: seed)
        let bands = frequencies.map {
            FrequencyBandNoise(height: size.height, width: size.width, frequency: $0, halfWindow: halfWindow)
        }
        let matrices = saturatingProduct(
            bands.count, 4, 8, size.height * size.height + size.width * size.width)
        let bytes = saturatingSum(
            cost.bytes(images: context.images.count), probe.bytes(variants: bands.count + 1), matrices)
        let hits = try await context.admitted(
            bytes: bytes, alternative: "Ask for fewer images or frequencies."
        ) { slices in
            try await probe.hits(variants: bands.count + 1, context, slices) { variant, batch in
                guard variant > 0 else { return try probe.read(batch) }
                return try probe.read(noisy(batch, bands[variant - 1], frequencies[variant - 1]))
            }
        }
        return answer(AccuracyChanges(hits), probe, bands)
    }

    /// The batch with noise on it, which an image, a frequency and the seed decide.
    private func noisy(_ batch: ForwardBatch, _ band: FrequencyBandNoise, _ frequency: Double) -> ForwardBatch {
        let std = model.model.transform.preprocess.std, sources = batch.sources
        return batch.changed { input in
            var numbers = input.array
            let plane = band.height * band.width
            for (image, source) in sources.enumerated() {
                var random = RandomStream(seed: seed, "frequency noise \(frequency) \(source.key)")
                for channel in 0..<input.shape[1] {
                    let noise = (0..<plane).map { _ in
                        sign ? (random.next() >> 63 == 0 ? eps : -eps) : eps * random.normal()
                    }
                    let part = band.band(
                        of: DoubleMatrix(rows: band.height, cols: band.width, noise), pool: batch.pool)
                    let scale = space == .pixel ? 1 / std[channel % std.count] : 1
                    let first = (image * input.shape[1] + channel) * plane
                    for place in 0..<plane { numbers[first + place] += Float(part.values[place] * scale) }
                }
            }
            return Tensor(shape: input.shape, numbers)
        }
    }

    private func answer(
        _ changes: AccuracyChanges, _ probe: AccuracyProbe, _ bands: [FrequencyBandNoise]
    ) -> AnalysisAnswer {
        func byBand(_ numbers: [Double?]) -> JSONValue {
            .array(
                NamedArray(
                    shape: [bands.count], axes: ["frequency"], numbers: .float64(numbers.map { $0 ?? .nan })))
        }
        return AnalysisAnswer(
            fields: [
                ("half_window", .double(halfWindow)), ("eps", .double(eps)), ("sign", .bool(sign)),
                ("space", .string(space.rawValue)), ("train_fraction", .double(trainFraction)),
                ("seed", .string(String(seed))), ("convention", .string(convention.rawValue)),
            ] + probe.fields + [
                ("frequency_pi", byBand(frequencies)),
                ("band_cells", .ints(bands.map(\.count))),
                ("clean_accuracy", .double(changes.clean.mean ?? .nan)),
                ("clean_accuracy_sem", .double(changes.clean.standardError ?? .nan)),
                ("accuracy", byBand(changes.accuracy.map(\.mean))),
                ("accuracy_sem", byBand(changes.accuracy.map(\.standardError))),
                ("accuracy_drop", byBand(changes.change.map { $0.mean.map { 0 - $0 } })),
                ("accuracy_drop_sem", byBand(changes.change.map(\.standardError))),
            ], mainField: "accuracy_drop",
            reasons: probe.reasons(
                changes, ["accuracy", "accuracy_sem", "accuracy_drop", "accuracy_drop_sem"],
                variants: "images with noise"),
            figures: [
                ResultFigure(
                    .lines, "accuracy_drop", title: "Accuracy lost to noise", x: "frequency_pi",
                    band: "accuracy_drop_sem", xLabel: "Frequency (π)", yLabel: "Drop of accuracy")
            ])
    }
}
