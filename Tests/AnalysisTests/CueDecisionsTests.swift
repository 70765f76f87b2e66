import TestSupport
import Analysis
import Testing

@Suite struct CueDecisionsTests {
    @Test func countsByHand() {
        var decisions = CueDecisions(classes: 3)
        #expect(decisions.shapeBias == nil && decisions.standardError == nil)
        decisions.add(decision: 0, shape: 0, texture: 1)
        decisions.add(decision: 0, shape: 0, texture: 2)
        decisions.add(decision: 2, shape: 0, texture: 2)
        decisions.add(decision: 1, shape: 1, texture: 2)
        decisions.add(decision: 0, shape: 1, texture: 2)
        decisions.add(decision: 1, shape: 1, texture: 1)
        #expect(decisions.shapes == [2, 1, 0] && decisions.textures == [1, 0, 0] && decisions.others == [0, 1, 0])
        #expect(decisions.shapeBias == 0.75 && decisions.discarded == 1)
        #expect(decisions.standardError == (0.75 * 0.25 / 4).squareRoot())
        #expect(decisions.classBias == [2.0 / 3, 1, nil])
    }

    /// The mapping has no class twice, and of birds and dogs as many as the published list.
    @Test func theSixteenClasses() {
        let all = SixteenClasses.names.indices.flatMap { SixteenClasses.members(of: $0) }
        #expect(SixteenClasses.names.count == 16 && SixteenClasses.names == SixteenClasses.names.sorted())
        #expect(Set(all).count == all.count && all.everyOne { (0..<1000).contains($0) })
        #expect(SixteenClasses.members(of: 10).count == 109 && SixteenClasses.members(of: 3).count == 49)
    }

    /// A mean over members, not a sum: one sure member of two beats many unsure ones.
    @Test func theDecisionIsTheLargestMean() {
        var logits = [Float](repeating: 0, count: 1000)
        for member in SixteenClasses.members(of: 10) { logits[member] = 1 }
        logits[385] = 3
        #expect(SixteenClasses.decision(logits).map { SixteenClasses.names[$0] } == "elephant")
        logits[385] = 1
        #expect(SixteenClasses.decision(logits).map { SixteenClasses.names[$0] } == "dog")
        logits[7] = .nan
        #expect(SixteenClasses.decision(logits) == nil)
    }
}
