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
            #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
        }
    }

    @Test func rangesCoverEverythingInOrder() {
        let pool = ThreadPool(threads: 3)
        let ranges = Mutex([Range<Int>]())
        pool.parallelRanges(10) { range, _ in ranges.withLock { $0.append(range) } }
        let sorted = ranges.withLock { $0.sorted { $0.lowerBound < $1.lowerBound } }
        #expect(sorted == [0..<3, 3..<6, 6..<10])
    }

    @Test func manyLoopsFollowEachOther() {
        let pool = ThreadPool(threads: 2)
        let sum = Atomic(0)
        for _ in 0..<5000 { pool.parallelFor(2) { index, _ in sum.add(index + 1, ordering: .relaxed) } }
        #expect(sum.load(ordering: .relaxed) == 15_000)
    }
}
