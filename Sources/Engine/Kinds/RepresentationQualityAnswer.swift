import Analysis
import JSON

/// The fields, figures and caveats of quality without labels.
struct RepresentationQualityAnswer {
    let task: RepresentationQualityTask
    /// By depth.
    let numbers: [RepresentationQualityTask.Numbers]
    let images: Int

    /// Below so many images the error of TwoNN is worth a word.
    private static let fewForTwoNN = 1000
    /// Below so many eigenvalues the slope is.
    private static let fewForAlpha = 30

    var answer: AnalysisAnswer {
        func curve(_ name: String, _ part: (RepresentationQualityTask.Numbers) -> Double?) -> AnalysisResult.Field {
            (name, .numbers(numbers.map(part), by: ["depth"]))
        }
        var answer = AnalysisAnswer(
            fields: [
                ("depths", .ints(task.features.depths)), ("width", .int(task.features.width)),
                curve("rankme", \.rankMe), curve("effective_rank", \.effectiveRank), curve("alpha", \.alpha),
                curve("alpha_eigenvalues") { $0.fitted.map(Double.init) }, curve("twonn", \.dimension),
                curve("twonn_equal_images") { $0.equals.map(Double.init) }, curve("uniformity", \.uniformity),
                curve("alignment", \.alignment), curve("lidar", \.lidar),
            ], mainField: "rankme")
        answer.reasons = missing + caveats
        answer.figures = [
            figure("rankme", "RankMe", "rank"), figure("effective_rank", "effective rank", "rank"),
            figure("alpha", "decay of eigenvalues", "α"), figure("twonn", "intrinsic dimension", "dimensions"),
            figure("uniformity", "uniformity", "ln of mean"), figure("alignment", "alignment", "squared distance"),
            figure("lidar", "LiDAR", "rank"),
        ]
        return answer
    }

    private func figure(_ field: String, _ title: String, _ unit: String) -> ResultFigure {
        ResultFigure(.lines, field, title: title, x: "depths", xLabel: "depth", yLabel: unit)
    }

    private func told(_ fields: [String], _ reason: String) -> [Reason] {
        fields.map { Reason(pointer: "/" + $0, reason: reason) }
    }

    /// Why there is no number.
    private var missing: [Reason] {
        var reasons: [Reason] = []
        let ofImages = ["rankme", "effective_rank", "alpha", "alpha_eigenvalues", "twonn", "uniformity", "lidar"]
        if images == 1 {
            reasons += told(
                ofImages + ["twonn_equal_images"], "One image has no other to differ from; ask for several.")
        } else if images == 2 {
            reasons += told(["twonn", "twonn_equal_images"], "TwoNN wants three images at least.")
        }
        if task.views == 0 {
            reasons += told(["alignment", "lidar"], "There are no two views of an image; ask for views=2 or more.")
        }
        guard images > 1 else { return reasons }
        func isMissing(_ part: (RepresentationQualityTask.Numbers) -> Double?) -> Bool {
            numbers.contains { part($0).map { !$0.isFinite } ?? true }
        }
        if isMissing(\.rankMe) || isMissing({ $0.fitted.map(Double.init) }) {
            reasons += told(
                ["rankme", "effective_rank", "alpha_eigenvalues", "uniformity", "twonn_equal_images", "alignment"],
                "Where there is no number, the images are the same at that depth but for rounding, or its numbers are zero "
                    + "or not finite.")
        }
        if isMissing(\.alpha) {
            reasons += told(
                ["alpha"],
                "Where there is no number, fewer than three eigenvalues have a rank from \(task.ranks.lowerBound) to "
                    + "\(task.ranks.upperBound). Ask for more images, or for other ranks.")
        }
        if images > 2, isMissing(\.dimension) {
            reasons += told(
                ["twonn"],
                "Where there is no number, fewer than three images are left that no other equals, or the two nearest of "
                    + "each are equally far, or numbers are not finite.")
        }
        if task.views > 0, isMissing(\.lidar) {
            reasons += told(
                ["lidar"],
                "Where there is no number, the images are the same at that depth but for rounding, or its numbers are not "
                    + "finite.")
        }
        return reasons
    }

    /// Where the sample is too small for what is read from it.
    private var caveats: [Reason] {
        guard images > 1 else { return [] }
        let width = task.features.width
        var reasons: [Reason] = []
        if images <= width {
            reasons += told(
                ["rankme", "effective_rank"],
                "\(images) images of \(width) channels have no rank beyond \(images), so these numbers tell of the sample "
                    + "as much as of the model. Compare models on the same images, and take more of them than channels."
            )
            reasons += told(
                ["uniformity"],
                "So few images are far from each other in \(width) channels whatever the model does. Compare models on the "
                    + "same images.")
        }
        let fitted = numbers.compactMap(\.fitted).min() ?? 0
        if fitted < Self.fewForAlpha {
            reasons += told(
                ["alpha"],
                "α is fitted to \(fitted) eigenvalues at some depth, and the last of a small sample fall faster than those "
                    + "of the data. Ask for more images.")
        }
        if images < Self.fewForTwoNN {
            let error = Int(exactly: (100 / Double(images).squareRoot()).rounded()) ?? 100
            reasons += told(
                ["twonn"],
                "Of \(images) images the dimension has a relative error of about 1/√n, \(error) %, and large dimensions "
                    + "come out too small.")
        }
        if task.views > 0, images <= width || images * (task.views - 1) < width {
            reasons += told(
                ["lidar"],
                "\(images) images have no rank beyond \(images - 1), and \(task.views) views of each span "
                    + "\(min(width, images * (task.views - 1))) of \(width) channels: in the others the regularization of "
                    + "\(DiscriminantRank.regularization) stands for what varies within an image. Ask for more images or "
                    + "views.")
        }
        return reasons
    }
}
