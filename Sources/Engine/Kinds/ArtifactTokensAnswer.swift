import Analysis
import JSON
import Models

/// The fields, reasons and figures of artifact tokens.
struct ArtifactTokensAnswer {
    let layout: TokenLayout
    let registers: Int
    let hasDistillation: Bool
    let layers: [Int]
    let depths: [Int]
    /// By depth.
    let shown: [ArtifactSums]
    let map: ArtifactSums?
    /// By layer; see `ArtifactTokens.Shares`.
    let drawn: [Statistics]
    let even: [Statistics]
    let cls: [Statistics]
    let toRegisters: [Statistics]
    let isLost: [Bool]
    let top: Int
    let images: Int

    var answer: AnalysisAnswer {
        var answer = AnalysisAnswer(fields: tokenFields + channelFields + attentionFields, mainField: "patch_norm")
        answer.reasons = reasons
        answer.figures = [
            ResultFigure(
                .lines, "outlier_share", title: "share of patches that are outliers", x: "depths",
                band: "outlier_share_sem", xLabel: "depth", yLabel: "share"),
            ResultFigure(
                .lines, "norm_largest", title: "length of the longest patch", x: "depths", band: "norm_largest_sem",
                xLabel: "depth", yLabel: "norm"),
            ResultFigure(
                .lines, "attention_to_outliers", title: "attention of patches to outliers", x: "layers",
                band: "attention_to_outliers_sem", xLabel: "block", yLabel: "share"),
            ResultFigure(
                .heatMap, "outlier_map", title: "images in which a patch is an outlier", xLabel: "column",
                yLabel: "row"),
        ]
        return answer
    }

    private var tokenFields: [AnalysisResult.Field] {
        let grid = layout.grid, patches = layout.patches, prefix = layout.numPrefixTokens
        let names =
            (layout.classToken ? ["cls"] : []) + (hasDistillation ? ["dist"] : [])
            + (0..<registers).map { "register \($0)" }
        func curve(_ name: String, _ part: (ArtifactSums) -> Double?) -> AnalysisResult.Field {
            (name, .numbers(shown.map(part), by: ["depth"]))
        }
        return [
            ("depths", .ints(depths)), ("prefix_tokens", .strings(names)),
            curve("outlier_share") { $0.share.mean }, curve("outlier_share_sem") { $0.share.standardError },
            curve("n_outliers", \.outliers),
            curve("norm_median") { $0.median.mean }, curve("norm_median_sem") { $0.median.standardError },
            curve("norm_largest") { $0.largest.mean }, curve("norm_largest_sem") { $0.largest.standardError },
            (
                "patch_norm",
                .numbers(
                    shown.flatMap { $0.norms.mean[patches] }, by: ["depth", "row", "col"],
                    shape: [depths.count, grid.rows, grid.cols])
            ),
            (
                "outlier_count",
                .numbers(
                    shown.flatMap { $0.counts[patches] }, by: ["depth", "row", "col"],
                    shape: [depths.count, grid.rows, grid.cols])
            ),
            (
                "outlier_map",
                .numbers(Array(map?.counts[patches] ?? []), by: ["row", "col"], shape: [grid.rows, grid.cols])
            ),
            (
                "prefix_norm",
                .numbers(
                    shown.flatMap { $0.norms.mean[..<prefix] }, by: ["depth", "prefix_token"],
                    shape: [depths.count, prefix])
            ),
            (
                "prefix_outlier_count",
                .numbers(
                    shown.flatMap { $0.counts[..<prefix] }, by: ["depth", "prefix_token"],
                    shape: [depths.count, prefix])
            ),
        ]
    }

    private var channelFields: [AnalysisResult.Field] {
        let channels = shown.map { sums in
            let found = sums.channels(top)
            return (0..<top).map { found.indices.contains($0) ? found[$0] : nil }
        }
        func array(_ name: String, _ part: (ArtifactSums.Channel) -> Double) -> AnalysisResult.Field {
            (
                name,
                .numbers(
                    channels.flatMap { $0.map { $0.map(part) } }, by: ["depth", "rank"],
                    shape: [depths.count, top])
            )
        }
        return [
            array("channels") { Double($0.index) }, array("channel_share", \.share), array("channel_ratio", \.ratio),
            ("massive", .numbers(shown.map { $0.massive.mean }, by: ["depth"])),
            ("massive_channels", .numbers(shown.map(\.massiveChannels), by: ["depth"])),
        ]
    }

    private var attentionFields: [AnalysisResult.Field] {
        func curve(_ name: String, _ values: [Statistics], _ part: (Statistics) -> Double?) -> AnalysisResult.Field {
            (name, .numbers(zip(values, isLost).map { $1 ? nil : part($0) }, by: ["layer"]))
        }
        return [
            curve("attention_to_outliers", drawn, \.mean), curve("attention_to_outliers_sem", drawn, \.standardError),
            curve("attention_to_outliers_even", even, \.mean), curve("attention_to_cls", cls, \.mean),
            curve("attention_to_registers", toRegisters, \.mean),
        ]
    }

    private var reasons: [Reason] {
        func told(_ fields: [String], _ reason: String) -> [Reason] {
            fields.map { Reason(pointer: "/" + $0, reason: reason) }
        }
        var reasons = Reason.prefix(layout, cls: ["attention_to_cls"], registers: ["attention_to_registers"])
        let errors = ["outlier_share_sem", "norm_median_sem", "norm_largest_sem"]
        if images == 1 { reasons += Reason.oneImage(errors.map { "/" + $0 }) }
        if shown.contains(where: { $0.channels(1).isEmpty || $0.channels(top).count < top }) {
            reasons += told(
                ["channels", "channel_share", "channel_ratio"],
                "Where there is no number, no patch of that depth is an outlier, its numbers are not finite, or there are "
                    + "no more channels.")
        } else if shown.contains(where: { $0.channels(top).contains { !$0.ratio.isFinite } }) {
            reasons += told(
                ["channel_ratio"],
                "Where there is no number, the channel is zero in all other patches, or there are none.")
        }
        if drawn.contains(where: { $0.count < 2 }) {
            reasons += told(
                ["attention_to_outliers", "attention_to_outliers_sem", "attention_to_outliers_even"],
                "Where there is no number, no patch that the block reads is an outlier in any image, in one alone (for the "
                    + "error), or attention is not finite.")
        }
        return reasons
    }
}
