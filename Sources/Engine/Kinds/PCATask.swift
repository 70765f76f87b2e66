import Analysis
import Catalogue
import JSON
import Models
import Tensors

extension AnalysisKind {
    public static let pca: AnalysisKind = {
        let dimensions = DeclaredParameter.dimensions
        let spec = AnalysisSpec(
            "pca", group: .representation, title: "Principal components",
            summary: "Tokens on the directions in which they vary most",
            reading: "Tokens of the images on the directions in which they vary most.",
            cost: "One pass of each image, and a decomposition of all tokens.",
            parameters: TokenPoints.parameters + [dimensions])
        return AnalysisKind(spec) { values, subjects in
            TokenPoints(&values, subjects, limits: PCATask.limits).map {
                PCATask(
                    model: subjects.model, points: $0, dimensions: values[dimensions], images: subjects.images)
            }
        }
    }()
}

/// Tokens on the directions in which they vary most (docs/science.md#pca).
struct PCATask: AnalysisTask {
    static let limits = 2...50_000

    let model: NamedModel
    let points: TokenPoints
    let dimensions: Int
    let images: Int

    var models: [NamedModel] { [model] }

    /// A singular value decomposition of (points, embedDim).
    var secondsBeside: Double {
        let (n, d) = (Double(points.count(images: images)), Double(points.width))
        return n * d * min(n, d) * 6 / 5e9
    }

    func answer(_ context: AnalysisContext) async throws -> AnalysisAnswer {
        let count = points.count(images: context.images.count), dimensions = dimensions
        let bytes = saturatingSum(
            ForwardCost(model.model.config).bytes(images: context.images.count),
            saturatingProduct(count, model.model.config.embedDim, 8, 6))
        let found = try await context.admitted(
            bytes: bytes, alternative: "Ask for fewer images, or for tokens=patch_mean."
        ) { slices in
            let samples = try await points.gather(context, model.model, slices)
            return try await slices.run { slice in
                try slice.checkCancellation()
                return PrincipalComponents(samples, count: dimensions)
            }
        }
        let coordinates =
            found?.coordinates
            ?? DoubleMatrix(rows: count, cols: dimensions, [Double](repeating: .nan, count: count * dimensions))
        func components(_ values: [Double]?) -> JSONValue {
            let numbers = values ?? [Double](repeating: .nan, count: coordinates.cols)
            return .numbers(numbers, by: ["component"])
        }
        var answer = AnalysisAnswer(
            fields: points.fields(context.images) + [
                ("points", TokenPoints.array(coordinates)), ("variances", components(found?.variances)),
                ("explained_ratio", components(found?.explainedRatio)),
            ], mainField: "points")
        if found == nil {
            answer.reasons = ["/points", "/variances", "/explained_ratio"].map {
                Reason(pointer: $0, reason: "The tokens of this depth hold numbers that are not finite.")
            }
        } else if found?.explainedRatio == nil {
            answer.reasons = [
                Reason(pointer: "/explained_ratio", reason: "All tokens are the same but for rounding, so none vary.")
            ]
        }
        answer.reasons += points.reasons
        answer.figures = [
            ResultFigure(
                .scatter, "points", title: "principal components", series: "labels", xLabel: "first component",
                yLabel: "second component")
        ]
        return answer
    }
}
