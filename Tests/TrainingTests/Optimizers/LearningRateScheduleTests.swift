import Foundation
import Testing
import Training

@Suite struct LearningRateScheduleTests {
    func near(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-5 * abs(b) + 1e-15 }

    /// MoCo v3's schedule in double precision: batch 4096, two steps an epoch.
    @Test func moCosCosineHasTheGoldenRates() {
        var schedule = LearningRateSchedule(.cosine(countsWarmup: false), peak: 1.5e-4 * 4096 / 256, totalSteps: 600)
        schedule.warmupSteps = 80
        let expected = [0: 0, 40: 0.0012, 80: 0.0024, 200: 0.00209821, 340: 0.0012, 599: 2.18999e-8]
        for (step, rate) in expected { #expect(near(schedule.learningRate(at: step), rate), "step \(step)") }
    }

    /// timm's cosine runs under the warm-up, so the rate steps down where the warm-up ends.
    @Test func timmsCosineCountsTheWarmup() {
        var schedule = LearningRateSchedule(.cosine(countsWarmup: true), peak: 1, totalSteps: 100)
        schedule.warmupSteps = 20
        schedule.warmupStart = 0.1
        schedule.minimum = 0.01
        #expect(schedule.learningRate(at: 0) == 0.1)
        #expect(near(schedule.learningRate(at: 10), 0.55))
        #expect(near(schedule.learningRate(at: 20), 0.01 + 0.5 * 0.99 * (1 + cos(0.2 * .pi))))
        #expect(near(schedule.learningRate(at: 50), 0.505))
        #expect(near(schedule.learningRate(at: 100), 0.01))
    }

    /// SimMIM: warm + t·(peak − warm)/T below the warm-up's end, then peak·γ for each milestone reached.
    @Test func multistepFallsAtMilestones() {
        var schedule = LearningRateSchedule(.multistep(milestones: [70, 90], gamma: 0.1), peak: 4e-4, totalSteps: 100)
        schedule.warmupSteps = 10
        schedule.warmupStart = 2e-6
        let expected = [0: 2e-6, 5: 2.01e-4, 10: 4e-4, 69: 4e-4, 70: 4e-5, 89: 4e-5, 90: 4e-6]
        for (step, rate) in expected { #expect(near(schedule.learningRate(at: step), rate), "step \(step)") }
        schedule.lag = 1
        #expect(schedule.learningRate(at: 0) == 2e-6 && schedule.learningRate(at: 1) == 2e-6)
        #expect(near(schedule.learningRate(at: 70), 4e-4) && near(schedule.learningRate(at: 71), 4e-5))
    }

    /// timm's groups share the warm-up's start and the minimum; MAE's whole curve is scaled.
    @Test func scalesTouchThePeakOrTheWholeCurve() {
        var schedule = LearningRateSchedule(.cosine(countsWarmup: true), peak: 1, totalSteps: 100)
        schedule.warmupSteps = 10
        schedule.warmupStart = 0.2
        schedule.minimum = 0.1
        for step in [0, 100] {
            let whole = schedule.learningRate(at: step)
            #expect(near(schedule.learningRate(at: step, scale: 0.5, scalesWholeCurve: false), whole))
            #expect(near(schedule.learningRate(at: step, scale: 0.5, scalesWholeCurve: true), whole / 2))
        }
        #expect(near(schedule.learningRate(at: 5, scale: 0.5, scalesWholeCurve: false), 0.35))
    }

    @Test func ratesMayHoldForAnEpoch() {
        var schedule = LearningRateSchedule(.cosine(countsWarmup: false), peak: 3, totalSteps: 40)
        schedule.holdSteps = 10
        #expect(schedule.learningRate(at: 9) == 3)
        #expect(near(schedule.learningRate(at: 25), 1.5))
    }

    @Test func constantStaysAndNothingDividesByZero() {
        #expect(LearningRateSchedule(.constant, peak: 2, totalSteps: 0).learningRate(at: 1000) == 2)
        var schedule = LearningRateSchedule(.cosine(countsWarmup: false), peak: 1, totalSteps: 5)
        schedule.warmupSteps = 5
        #expect(schedule.learningRate(at: 5).isFinite)
    }
}
