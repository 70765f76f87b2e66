import Jobs
import Testing

/// Who sleeps wakes when the time is over, however late the sleep begins.
@Suite struct BellTests {
    @Test func noWaitOutlastsItsTime() async {
        // The time of some is over before their sleep has begun.
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let bell = Bell()
                    for _ in 0..<500 { await bell.wait(for: .nanoseconds(1)) }
                }
            }
        }
    }

    @Test func ringWakesWhoSleepsAndWhoSleepsNext() async {
        let bell = Bell()
        bell.ring()
        await bell.wait(for: .seconds(3600))
        let sleeper = Task { await bell.wait(for: .seconds(3600)) }
        bell.ring()
        await sleeper.value
    }
}
