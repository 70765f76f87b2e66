import Foundation

/// The paper's claims held against what was measured: shown, or not.
public struct Checklist: Sendable, Codable {
    /// One claim.
    public struct Item: Sendable, Codable {
        /// Its number in the checklist of the paper's claims.
        public let number: Int
        public let claim: String
        public let verdict: Verdict
        /// The numbers behind the verdict.
        public let evidence: String
    }

    /// What the measurements say.
    public enum Verdict: String, Sendable, Codable {
        case shown
        /// In some of the layers that the claim is about.
        case partly
        case notShown = "not shown"
        /// Beyond models of this size, or not asked for.
        case notMeasured = "not measured"
    }

    public let items: [Item]

    /// - Parameters:
    ///   - uniformDistance: of attention spread evenly, pixels.
    ///   - sweep: hybrids by the weight of the contrastive loss; empty where none were trained.
    ///   - probeError: two standard errors of the difference between two probes: what a verdict must exceed.
    package init(
        moco: ModelMeasurement, simMIM: ModelMeasurement, hybrid: ModelMeasurement, uniformDistance: Double,
        probeError: Double, sweep: [LambdaPoint]
    ) {
        let depth = moco.attentionDistancePx.count, late = depth / 2..<depth
        let lateDepths = late.lowerBound + 1..<depth + 1
        items =
            Self.distance(moco, simMIM, late, uniformDistance) + Self.information(moco, simMIM, late)
            + [
                Self.compare(
                    3, "head outputs of MoCo v3 are more alike between heads, in every late layer", moco.cosineHeads,
                    simMIM.cosineHeads, late, "cosine"),
                Self.compare(
                    3, "head outputs of MoCo v3 are more alike between tokens, in every late layer", moco.cosineTokens,
                    simMIM.cosineTokens, late, "cosine"),
                Self.compare(
                    3, "head outputs of MoCo v3 are more alike between neighbouring layers, in every late layer",
                    moco.cosineDepths, simMIM.cosineDepths, depth / 2..<max(depth - 1, depth / 2), "cosine"),
                Self.compare(
                    4, "tokens of MoCo v3 use fewer directions than SimMIM's, in every late layer",
                    simMIM.singularTokens, moco.singularTokens, lateDepths, "Δ log σ, SimMIM beside MoCo v3,"),
                Self.compare(
                    4, "images of MoCo v3 use more directions than SimMIM's, in every late layer", moco.singularImages,
                    simMIM.singularImages, lateDepths, "Δ log σ"),
                Self.compare(
                    5, "SimMIM keeps more of the highest frequency than MoCo v3, at every depth", simMIM.highFrequency,
                    moco.highFrequency, 1..<depth + 1, "Δ log amplitude, SimMIM beside MoCo v3,"),
                Self.notMeasured(
                    5, "the decoder of MAE keeps less of the highest frequency than its encoder",
                    "the demo has no MAE model"),
                Self.compare(
                    6, "in the first half of the layers, shapes separate better linearly in SimMIM than in MoCo v3",
                    simMIM.shapeProbe.map { 100 * $0 }, moco.shapeProbe.map { 100 * $0 }, 1..<max(depth / 2 + 1, 1),
                    "%, SimMIM beside MoCo v3,"),
                Self.lastLayer(moco, simMIM, probeError), Self.peak(simMIM, probeError),
                Self.notMeasured(6, "MAE's accuracy stays level at the end", "the demo has no MAE model"),
                Self.hybrid(moco, simMIM, hybrid, probeError), Self.sweep(sweep, probeError),
                Self.notMeasured(
                    7, "a hybrid fine-tunes better than both pure objectives", "the demo's models are not fine-tuned"),
                Self.notMeasured(
                    8, "contrastive learning fine-tunes better in small models, masked modelling in large ones",
                    "the demo has one size"),
                Self.noise(moco, simMIM, probeError), Self.bias(moco, simMIM, probeError),
            ]
    }

    private static func distance(
        _ moco: ModelMeasurement, _ simMIM: ModelMeasurement, _ late: Range<Int>, _ uniform: Double
    ) -> [Item] {
        let last = moco.attentionDistancePx[late.upperBound - 1]
        return [
            compare(
                1, "MoCo v3 attends further than SimMIM, in every late layer", moco.attentionDistancePx,
                simMIM.attentionDistancePx, late, "px"),
            judged(
                1, "attention of MoCo v3's last layer is nearly as wide as attention spread evenly",
                // The paper's 5 of 116.5 px, in proportion.
                last > uniform * (1 - 5 / 116.5) ? .shown : .notShown, by: [last],
                "\(text(last)) px of \(text(uniform)) px"),
        ]
    }

    private static func information(
        _ moco: ModelMeasurement, _ simMIM: ModelMeasurement, _ late: Range<Int>
    ) -> [Item] {
        let last = moco.attentionNmi[late.upperBound - 1]
        return [
            compare(
                2, "attention of SimMIM depends more on the query than MoCo v3's, in every late layer",
                simMIM.attentionNmi, moco.attentionNmi, late, "NMI, SimMIM beside MoCo v3,"),
            judged(
                2, "attention of MoCo v3's last layer has collapsed (NMI below 0.05)",
                last < 0.05 ? .shown : .notShown, by: [last], "NMI \(text(last))"),
        ]
    }

    private static func lastLayer(_ moco: ModelMeasurement, _ simMIM: ModelMeasurement, _ error: Double) -> Item {
        let (a, b) = (moco.shapeProbe[moco.shapeProbe.count - 1], simMIM.shapeProbe[simMIM.shapeProbe.count - 1])
        return judged(
            6, "after the last layer, shapes separate better linearly in MoCo v3 than in SimMIM",
            a > b + error ? .shown : .notShown, by: [a, b], "\(percent(a)) beside \(percent(b))")
    }

    private static func peak(_ simMIM: ModelMeasurement, _ error: Double) -> Item {
        let probe = simMIM.shapeProbe, top = probe.indices.max { probe[$0] < probe[$1] } ?? 0
        return judged(
            6, "SimMIM's shapes separate best before the last layer, and less at the end",
            probe[top] > probe[probe.count - 1] + error ? .shown : .notShown, by: probe,
            "\(percent(probe[top])) at depth \(top), \(percent(probe[probe.count - 1])) at the end")
    }

    private static func hybrid(
        _ moco: ModelMeasurement, _ simMIM: ModelMeasurement, _ hybrid: ModelMeasurement, _ error: Double
    ) -> Item {
        let (own, a, b) = (hybrid.shapeProbeCls, moco.shapeProbeCls, simMIM.shapeProbeCls)
        return judged(
            7, "the hybrid's class token separates shapes better than both pure objectives'",
            own > max(a, b) + error ? .shown : .notShown, by: [own, a, b],
            "\(percent(own)) beside \(percent(a)) and \(percent(b))")
    }

    private static func bias(_ moco: ModelMeasurement, _ simMIM: ModelMeasurement, _ error: Double) -> Item {
        // The shares are of the decided images, which are fewer.
        let margin = error / min(moco.shapeBiasDecided, simMIM.shapeBiasDecided).squareRoot()
        return judged(
            10, "where shape and texture disagree, MoCo v3 decides by shape more often than SimMIM",
            moco.shapeBias > simMIM.shapeBias + margin ? .shown : .notShown,
            by: [moco.shapeBias, simMIM.shapeBias, margin],
            "\(percent(moco.shapeBias)) beside \(percent(simMIM.shapeBias))")
    }

    /// Whether `larger` lies above `smaller` at every one of `places`.
    static func compare(
        _ number: Int, _ claim: String, _ larger: [Double], _ smaller: [Double], _ places: Range<Int>, _ unit: String
    ) -> Item {
        let above = places.count { larger[$0] > smaller[$0] }
        let pairs = places.map { "\(text(larger[$0]))/\(text(smaller[$0]))" }.joined(separator: " ")
        return judged(
            number, claim, above == places.count ? .shown : above > 0 ? .partly : .notShown,
            by: places.flatMap { [larger[$0], smaller[$0]] },
            "\(above) of \(places.count): \(unit) \(pairs)")
    }

    /// The verdict, unless one of the numbers behind it is not finite: nothing is above or below those.
    static func judged(
        _ number: Int, _ claim: String, _ verdict: Verdict, by numbers: [Double], _ evidence: String
    ) -> Item {
        guard numbers.allSatisfy(\.isFinite) else {
            return notMeasured(number, claim, "a number of one of the models is not finite: \(evidence)")
        }
        return Item(number: number, claim: claim, verdict: verdict, evidence: evidence)
    }

    static func text(_ number: Double) -> String {
        guard number.isFinite else { return "–" }
        return String(format: abs(number) < 1 ? "%.3f" : abs(number) < 10 ? "%.2f" : "%.1f", number)
    }

    static func percent(_ share: Double) -> String {
        share.isFinite ? String(format: "%.1f %%", 100 * share) : "–"
    }
}
