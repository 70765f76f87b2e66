import Platform
import Synchronization
import Testing

@Suite struct SteppedThreadTests {
    @Test func twoThreadsTakeTurns() {
        let said = Mutex<[String]>([]), threads = [SteppedThread(), SteppedThread()]
        @Sendable func say(_ text: String) { said.withLock { $0.append(text) } }
        for (name, thread) in zip(["a", "b"], threads) {
            let step = thread.begin {
                say(name + "1")
                thread.pause()
                say(name + "2")
            }
            #expect(step == .paused)
        }
        say("between")
        #expect(threads[1].goOn() == .over)
        #expect(threads[0].goOn() == .over)
        #expect(said.withLock { $0 } == ["a1", "b1", "between", "b2", "a2"])
        #expect(threads[0].begin { say("again") } == .over)
        #expect(said.withLock { $0.last } == "again")
    }
}
