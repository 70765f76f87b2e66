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
    /// The middles of the noise's bands, units of π.
    public let noiseFrequenciesPi: [Double]
    public let models: [ModelMeasurement]
    /// Hybrids by their weight; empty where none were trained.
    public let sweep: [LambdaPoint]
    /// How long the sweep's hybrids learned, where that is not what the demo's job says.
    public let sweepEpochs: Int?
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
        table("accuracy of the shape probe lost to noise at 0.1 … 0.9 π, points", "%.1f") {
            $0.noiseDrop.map { 100 * $0 }
        }
        if !sweep.isEmpty {
            let epochs = sweepEpochs.map { ", trained for \($0) epochs" } ?? ""
            lines += ["", "hybrids by λ\(epochs): shape probe and class token, %; NMI and Δ log amplitude at the end"]
            for point in sweep {
                let numbers = [100 * (point.model.shapeProbe.last ?? .nan), 100 * point.model.shapeProbeCls]
                let ends = [point.model.attentionNmi.last ?? .nan, point.model.highFrequency.last ?? .nan]
                lines.append(
                    "  " + Self.padded("λ \(point.lambda)", -10)
                        + numbers.map { Self.padded(String(format: "%.1f", $0), 7) }.joined()
                        + ends.map { Self.padded(String(format: "%.3f", $0), 8) }.joined())
            }
        }
        lines += ["", "The paper's checklist"]
        for item in checklist.items {
            lines.append("  " + Self.padded(item.verdict.rawValue, -13) + "\(item.number). \(item.claim)")
            lines.append("  " + Self.padded("", -13) + "   \(item.evidence)")
        }
        return lines.joined(separator: "\n")
    }

    /// The standard error of a probe's accuracy near one half, points.
    private var probeError: Double { 100 * (0.25 / Double(max(probeTestImages, 1))).squareRoot() }

    /// `text` filled with blanks to `width`: in front, or behind where the width is negative.
    private static func padded(_ text: String, _ width: Int) -> String {
        let blanks = String(repeating: " ", count: max(0, abs(width) - text.count))
        return width < 0 ? text + blanks : blanks + text
    }
}
