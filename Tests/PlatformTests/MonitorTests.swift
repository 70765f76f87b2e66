import Platform
import Testing

@Suite struct MonitorTests {
    @Test func waitsForAChangeOfAnotherThread() {
        let monitor = Monitor(0), worker = WorkerThread()
        worker.enqueue { for _ in 0..<1000 { monitor.withLock { $0 += 1 } } }
        #expect(monitor.wait { $0 == 1000 ? $0 : nil } == 1000)
    }

    @Test func threadsHandOverInTurn() {
        let monitor = Monitor<[Int]>([])
        let workers = (0..<3).map { number in
            let worker = WorkerThread()
            worker.enqueue {
                for turn in 0..<50 { monitor.wait { $0.count == turn * 3 + number ? $0.append(number) : nil } }
            }
            return worker
        }
        let all = monitor.wait { $0.count == 150 ? $0 : nil }
        #expect(all == (0..<150).map { $0 % 3 })
        _ = workers
    }
}
