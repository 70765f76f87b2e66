import TestSupport
import Platform
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
    @Test(arguments: [1, 2, 3, 8]) func everyIndexOnce(threads: Int) {
        let pool = ThreadPool(threads: threads)
        for count in [0, 1, 2, 7, 1000] {
            let seen = Mutex([Int](repeating: 0, count: count))
            pool.parallelFor(count) { index, thread in
                #expect(thread >= 0 && thread < threads)
                seen.withLock { $0[index] += 1 }
            }
            #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
        }
    }

    @Test(arguments: [1, 2, 3, 8]) func rangesCoverEverythingInOrderWhateverTheThreads(threads: Int) {
        let pool = ThreadPool(threads: threads)
        func ranges(_ count: Int, block: Int) -> [Range<Int>] {
            let ranges = Mutex([Range<Int>]())
            pool.parallelRanges(count, block: block) { range, _ in ranges.withLock { $0.append(range) } }
            return ranges.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        }
        #expect(ranges(0, block: 64) == [])
        #expect(ranges(1, block: 64) == [0..<1])
        #expect(ranges(20, block: 64) == [0..<10, 10..<20])
        #expect(ranges(100, block: 64) == [0..<25, 25..<50, 50..<75, 75..<100])
        #expect(ranges(320, block: 64) == [0..<80, 80..<160, 160..<240, 240..<320])
        #expect(ranges(7, block: 1) == [0..<1, 1..<2, 2..<3, 3..<4, 4..<5, 5..<7])
    }

    @Test func manyLoopsFollowEachOther() {
        let pool = ThreadPool(threads: 2)
        let sum = Atomic(0)
        for _ in 0..<5000 { pool.parallelFor(2) { index, _ in sum.add(index + 1, ordering: .relaxed) } }
        #expect(sum.load(ordering: .relaxed) == 15_000)
    }
}
