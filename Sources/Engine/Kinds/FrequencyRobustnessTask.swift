import Analysis
import Catalogue
import Images
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let frequencyRobustness: AnalysisKind = {
        let frequencies = DeclaredParameter.numbers(
            "frequencies", in: 0...1, upTo: 32, default: [0.1, 0.3, 0.5, 0.7, 0.9], echo: false,
            "Centres of the bands in units of π, with commas between, such as `0.1,0.5,0.9`.")
        let halfWindow = DeclaredParameter.number(
            "half_window", in: 0...1, default: 0.1, "Half the width of a band in units of π.")
        let space = DeclaredParameter.choice(
            "space", default: FrequencyRobustnessTask.Space.normalized,
            "Where the noise is added: to what the model sees, or to pixels from 0 to 1.")
        let eps = DeclaredParameter<Double?>.number(
            "eps", in: 0...1000,
            "Amplitude of the noise before its band is taken; without it \(FrequencyRobustnessTask.Space.normalized.eps), "
                + "and \(FrequencyRobustnessTask.Space.pixel.eps) with space=pixel.")
        let sign = DeclaredParameter.flag(
            "sign", default: true, "Whether the noise is the sign of a normal number, or the number.")
        let fraction = DeclaredParameter.trainFraction, seed = DeclaredParameter.seed
        let spec = AnalysisSpec(
            "frequency-robustness", group: .interventions, title: "Robustness to noise by frequency",
            summary: "Accuracy drop against the frequency of added noise",
            reading: "Accuracy lost to noise of one frequency band. A model that lives on low frequencies loses most "
                + "there.", cost: "One pass of each image for each band, and one without noise.",
            parameters: [
                frequencies, halfWindow, eps, sign, space, seed, fraction, DeclaredParameter.convention,
            ], images: .labelled)
        return AnalysisKind(spec) { values, subjects in
            let model = subjects.model, size = model.model.config.imgSize
            guard FrequencyBandNoise.fits(height: size.height, width: size.width) else {
                values.add(
                    frequencies,
                    "Bands of frequencies need images with even sides, and this model takes "
                        + "\(size.height)×\(size.width) pixels: register it with another img_size.")
                return nil
            }
            let amplitude = values[eps] ?? values[space].eps
            values.resolve(eps, to: .double(amplitude), canonical: "\(amplitude)")
            return FrequencyRobustnessTask(
                model: model, frequencies: values[frequencies], halfWindow: values[halfWindow], eps: amplitude,
                sign: values[sign], space: values[space], trainFraction: values[fraction], seed: values.seed)
        }
    }()
}

/// How much accuracy noise of one band of frequencies costs, band by band (Park and Kim 2022; docs/science.md#frequency-robustness).
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

    let model: NamedModel
    let frequencies: [Double]
    let halfWindow: Double
    let eps: Double
    /// Whether the noise is ±eps, or normal with that deviation.
    let sign: Bool
    let space: Space
    let trainFraction: Double
    let seed: UInt64

    var models: [NamedModel] { [model] }
    var passes: Int { frequencies.count + 1 }

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
        func byBand(_ numbers: [Double?]) -> JSONValue { .numbers(numbers, by: ["frequency"]) }
        return AnalysisAnswer(
            fields: probe.fields + [
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
