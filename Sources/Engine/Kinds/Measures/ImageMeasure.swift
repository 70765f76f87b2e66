import Analysis
import Catalogue
import JSON
import Models
import Platform

/// Numbers that each image gives by itself, of which the answer is the mean and the spread.
protocol ImageMeasure: Sendable {
    /// What a forward pass has to show.
    var request: IntermediatesRequest { get }
    /// What comes out of an image, in order.
    var outputs: [MeasureOutput] { get }
    /// What `measure` makes of the things it is shown, beside its numbers: bytes an image.
    var workBytesPerImage: Int { get }
    /// The numbers of each image of a batch: [image][output][number].
    ///
    /// - Parameter seen: everything that `request` asks for, of all images of the batch.
    func measure(_ seen: Intermediates, images: Int, pool: ThreadPool) -> [[[Double]]]
    /// Names of the extents.
    var fields: [AnalysisResult.Field] { get }
    var figures: [ResultFigure] { get }
    /// Why numbers cannot be there, by the name of the output; spread and error go with it.
    var reasons: [Reason] { get }
}

extension ImageMeasure {
    var workBytesPerImage: Int { 0 }
    var reasons: [Reason] { [] }
}

/// Numbers of one name.
struct MeasureOutput: Sendable, Equatable {
    let name: String
    let shape: [Int]
    let axes: [String]

    var count: Int { shape.reduce(1, *) }
}

/// Looks at every image once and keeps sums alone, whatever their number.
struct ImageMeasureTask<Measure: ImageMeasure>: ShardableTask {
    let model: NamedModel
    let measure: Measure

    var models: [NamedModel] { [model] }

    func sums(_ context: AnalysisContext) async throws -> [VectorStatistics] {
        let outputs = measure.outputs, request = measure.request
        let cost = ForwardCost(model.model.config, keeping: request, work: measure.workBytesPerImage)
        let numbers = outputs.reduce(0) { $0 + $1.count }
        let bytes = saturatingSum(cost.bytes(images: context.images.count), saturatingProduct(numbers, 64))
        let measure = measure
        return try await context.admitted(bytes: bytes, alternative: "Ask for fewer layers.") { slices in
            try await context.fold(
                into: outputs.map { VectorStatistics(count: $0.count) }, model: model.model,
                batchSize: cost.batchSize(), slices,
                look: { batch in
                    var seen = Intermediates()
                    try batch.forward(request) { seen.add($0) }
                    return measure.measure(seen, images: batch.indices.count, pool: batch.pool)
                },
                add: { sums, images in
                    for image in images {
                        for (output, numbers) in image.enumerated() { sums[output].add(numbers) }
                    }
                })
        }
    }

    func answer(_ statistics: [VectorStatistics], images: Int) -> AnalysisAnswer {
        var fields = measure.fields, missing: [String] = []
        for (output, sums) in zip(measure.outputs, statistics) {
            func field(_ suffix: String, _ values: [Double?]) {
                fields.append(
                    (
                        output.name + suffix,
                        .array(
                            NamedArray(
                                shape: output.shape, axes: output.axes, numbers: .float64(values.map { $0 ?? .nan })))
                    ))
            }
            field("", sums.mean)
            field("_std", sums.standardDeviation)
            field("_sem", sums.standardError)
            missing += ["/\(output.name)_std", "/\(output.name)_sem"]
        }
        return AnalysisAnswer(
            fields: fields, mainField: measure.outputs.first?.name ?? "",
            reasons: measure.reasons.flatMap { reason in
                ["", "_std", "_sem"].map { Reason(pointer: reason.pointer + $0, reason: reason.reason) }
            } + (images == 1 ? Reason.oneImage(missing) : []), figures: measure.figures)
    }
}

extension Reason {
    /// Why there are no pairs to compare.
    static func lone(patches: Int, _ ofPatches: [String], heads: Int, _ ofHeads: [String]) -> [Reason] {
        (patches > 1 ? [] : ofPatches).map {
            Reason(pointer: "/" + $0, reason: "A grid of one patch has no two patches to compare.")
        }
            + (heads > 1 ? [] : ofHeads).map {
                Reason(pointer: "/" + $0, reason: "This model has one head, so there are no two to compare.")
            }
    }
}

extension [Double] {
    /// The mean of as many equal stretches as there are images: (images).
    package func grouped(_ images: Int) -> [Double] {
        guard images > 0, count % images == 0, count > 0 else { return [Double](repeating: .nan, count: images) }
        let size = count / images
        return (0..<images).map { image in
            self[image * size..<(image + 1) * size].reduce(0, +) / Double(size)
        }
    }
}
