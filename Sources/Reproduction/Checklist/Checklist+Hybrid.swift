// The claims about the hybrid's weight and about noise.
extension Checklist {
    /// Figure 12, left: somewhere between the ends lies a weight that is at least as good as both.
    static func sweep(_ points: [LambdaPoint], _ error: Double) -> Item {
        let claim =
            "a hybrid with λ from 0.2 to 0.4 separates shapes at least as well as λ 0 and λ 1, by the class token"
        guard let first = points.first, let last = points.last, points.count > 2 else {
            return notMeasured(7, claim, "ask for it with --sweep, which trains six hybrids")
        }
        func accuracy(_ point: LambdaPoint) -> Double { point.model.shapeProbeCls }
        let ends = max(accuracy(first), accuracy(last))
        let middle = points.filter { $0.lambda > 0.1 && $0.lambda < 0.5 }.map(accuracy)
        let better = middle.count { $0 >= ends }
        let verdict: Verdict =
            better == middle.count ? .shown : middle.contains { $0 >= ends - error } ? .partly : .notShown
        let numbers = points.map { "λ \($0.lambda): \(percent(accuracy($0)))" }.joined(separator: ", ")
        return judged(7, claim, verdict, by: points.map(accuracy), numbers)
    }

    /// Figures 8 and 9: noise of low frequencies hurts contrastive learning more, that of high ones masked modelling.
    static func noise(_ moco: ModelMeasurement, _ simMIM: ModelMeasurement, _ error: Double) -> Item {
        let claim = "noise of the lowest band costs MoCo v3 more, and of the highest band SimMIM"
        guard let low = moco.noiseDrop.first, let high = moco.noiseDrop.last, let otherLow = simMIM.noiseDrop.first,
            let otherHigh = simMIM.noiseDrop.last
        else { return notMeasured(9, claim, "images with odd sides have no such bands") }
        // A drop is the difference of two accuracies, and two drops are compared.
        let margin = error * 2.0.squareRoot()
        let shown = [low > otherLow + margin, otherHigh > high + margin].count { $0 }
        return judged(
            9, claim, shown == 2 ? .shown : shown == 1 ? .partly : .notShown, by: [low, high, otherLow, otherHigh],
            "lost to the lowest band \(percent(low)) beside \(percent(otherLow)), "
                + "to the highest \(percent(high)) beside \(percent(otherHigh))")
    }

    static func notMeasured(_ number: Int, _ claim: String, _ why: String) -> Item {
        Item(number: number, claim: claim, verdict: .notMeasured, evidence: why)
    }
}
