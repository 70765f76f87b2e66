import Engine
import Testing

@Suite struct ByteBudgetCacheTests {
    @Test func whatWasNotUsedLongestGoesFirst() {
        let cache = ByteBudgetCache<String, Int>(budget: 30, entryBytes: 0)
        for (value, key) in ["a", "b", "c"].enumerated() { cache.insert(value, bytes: 10, for: key) }
        #expect(cache.value(for: "a") == 0)
        cache.insert(3, bytes: 10, for: "d")
        #expect(cache.value(for: "b") == nil)
        #expect(["a", "c", "d"].map { cache.value(for: $0) } == [0, 2, 3])
        #expect(cache.counts == .init(hits: 4, misses: 1, bytes: 30))
    }

    @Test func aLargeValuePushesOutAsManyAsItNeeds() {
        let cache = ByteBudgetCache<Int, Int>(budget: 30, entryBytes: 0)
        for key in 0..<3 { cache.insert(key, bytes: 10, for: key) }
        cache.insert(9, bytes: 25, for: 9)
        #expect((0..<3).map { cache.value(for: $0) } == [nil, nil, nil])
        #expect(cache.value(for: 9) == 9 && cache.counts.bytes == 25)
    }

    @Test func whatIsOverTheBudgetIsNotKept() {
        let cache = ByteBudgetCache<Int, Int>(budget: 30, entryBytes: 0)
        cache.insert(1, bytes: 10, for: 1)
        cache.insert(2, bytes: 31, for: 2)
        #expect(cache.value(for: 1) == 1 && cache.value(for: 2) == nil)
    }

    @Test func aNewValueTakesThePlaceOfTheOld() {
        let cache = ByteBudgetCache<Int, Int>(budget: 30, entryBytes: 0)
        cache.insert(1, bytes: 20, for: 1)
        cache.insert(2, bytes: 30, for: 1)
        #expect(cache.value(for: 1) == 2 && cache.counts.bytes == 30)
        cache.removeAll { key, value in key == 1 && value == 2 }
        #expect(cache.value(for: 1) == nil && cache.counts.bytes == 0)
    }

    @Test func smallValuesCountWithTheirPlaces() {
        let cache = ByteBudgetCache<Int, Int>(budget: 30, entryBytes: 5)
        for key in 0..<9 { cache.insert(key, bytes: 1, for: key) }
        #expect(cache.counts.bytes == 30 && cache.value(for: 3) == nil && cache.value(for: 4) == 4)
        cache.insert(9, bytes: 26, for: 9)
        #expect(cache.value(for: 9) == nil && cache.value(for: 8) == 8)
    }
}
