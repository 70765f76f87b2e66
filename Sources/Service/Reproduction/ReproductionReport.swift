import Foundation

/// What `vitscope reproduce` measured.
public struct ReproductionReport: Sendable, Codable {
    /// Attention spread evenly, pixels.
    public let uniformDistancePx: Double
    /// Images behind the attention, frequency and singular value figures.
    public let analysedImages: Int
    /// Images that linear probes learned from, and were tested on.
    public let probeTrainImages: Int
    public let probeTestImages: Int
    public let models: [ModelMeasurement]
    public let checklist: Checklist

    /// The report for people: a table a figure, models side by side, then the checklist.
    public var text: String {
        var lines: [String] = []
        func table(_ title: String, _ format: String, _ numbers: (ModelMeasurement) -> [Double]) {
            lines += ["", title]
            for model in models {
                let cells = numbers(model).map { String(format: format, $0) }.map { Self.padded($0, 7) }
                lines.append("  " + Self.padded(model.name, -10) + cells.joined())
            }
        }
        lines.append(
            "\(analysedImages) images analysed; probes learned from \(probeTrainImages) and were tested on "
                + "\(probeTestImages) (standard error about \(String(format: "%.1f", probeError)) points)")
        table(
            "attention distance, px, a block (evenly spread: \(String(format: "%.1f", uniformDistancePx)))", "%.1f"
        ) { $0.attentionDistancePx }
        table("normalized mutual information, a block", "%.3f") { $0.attentionNmi }
        table("cosine similarity between heads, a block", "%.2f") { $0.cosineHeads }
        table("cosine similarity between tokens, a block", "%.2f") { $0.cosineTokens }
        table("Δ log amplitude of the highest frequency, embedding and blocks", "%.2f") { $0.highFrequency }
        table("Δ log singular value between tokens, embedding and blocks", "%.2f") { $0.singularTokens }
        table("Δ log singular value between images, embedding and blocks", "%.2f") { $0.singularImages }
        table("shape probe, %, embedding and blocks, then the class token", "%.1f") {
            ($0.shapeProbe + [$0.shapeProbeCls]).map { 100 * $0 }
        }
        table("texture probe, %, the same", "%.1f") { ($0.textureProbe + [$0.textureProbeCls]).map { 100 * $0 } }
        table("shape decisions of shape or texture decisions, %; how many were either, %", "%.1f") {
            [100 * $0.shapeBias, 100 * $0.shapeBiasDecided]
        }
        lines += ["", "The paper's checklist"]
        for item in checklist.items {
            lines.append("  " + Self.padded(item.verdict.rawValue, -10) + "\(item.number). \(item.claim)")
            lines.append("  " + Self.padded("", -10) + "   \(item.evidence)")
        }
        return lines.joined(separator: "\n")
    }

    /// Of a probe's accuracy near one half, points.
    private var probeError: Double { 100 * (0.25 / Double(max(probeTestImages, 1))).squareRoot() }

    /// `text` filled with blanks to `width`: in front, or behind where the width is negative.
    private static func padded(_ text: String, _ width: Int) -> String {
        let blanks = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? text + blanks : blanks + text
    }
}
