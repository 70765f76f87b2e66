import Synchronization

/// Keeps values up to a number of bytes and lets go of those that were not asked for longest.
///
/// A class because a cache has an identity; every method may be called from anywhere.
package final class ByteBudgetCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    /// Bytes held at the most.
    package let budget: Int
    /// What each value takes beside itself, bytes: its key, its places in the order and in the table, and what the
    /// allocator rounds up.
    private let entryBytes: Int
    private let state = Mutex((values: RecencyList<Key, Value>(), hits: 0, misses: 0))

    package init(budget: Int, entryBytes: Int = 512) {
        self.budget = budget
        self.entryBytes = entryBytes
    }

    package var counts: CacheCounts {
        state.withLock { CacheCounts(hits: $0.hits, misses: $0.misses, bytes: $0.values.bytes) }
    }

    /// The value for `key`, which counts as asked for.
    package func value(for key: Key) -> Value? {
        state.withLock { state in
            let value = state.values.use(key)
            if value == nil { state.misses += 1 } else { state.hits += 1 }
            return value
        }
    }

    /// Keeps `value`, unless it alone is over the budget.
    ///
    /// - Parameter bytes: of the value alone.
    package func insert(_ value: Value, bytes: Int, for key: Key) {
        guard bytes <= budget - entryBytes else { return }
        let bytes = Self.memory(of: bytes) + entryBytes
        // What is let go is freed after the lock.
        _ = state.withLock { state in
            var removed: [Value] = []
            if let old = state.values.remove(key) { removed.append(old) }
            while state.values.bytes > budget - bytes, let oldest = state.values.removeOldest() {
                removed.append(oldest)
            }
            state.values.add(value, bytes: bytes, for: key)
            return removed
        }
    }

    /// Memory of an allocation of `bytes`, which has pages of its own where it is large.
    private static func memory(of bytes: Int) -> Int { bytes < 16_384 ? bytes : (bytes / 4096 + 1) * 4096 }

    /// Lets go of every value that fulfils `condition`.
    package func removeAll(where condition: (Key, Value) -> Bool) {
        _ = state.withLock { state in
            state.values.keys(where: condition).compactMap { state.values.remove($0) }
        }
    }
}

/// Values in the order in which they were last used, each step in constant time.
struct RecencyList<Key: Hashable, Value> {
    /// A value with its neighbours, which are indices into `slots`.
    private struct Slot {
        let key: Key
        let value: Value
        let bytes: Int
        var newer: Int?
        var older: Int?
    }

    private var slots: [Slot?] = []
    private var free: [Int] = []
    private var places: [Key: Int] = [:]
    private var newest: Int?
    private var oldest: Int?
    /// Bytes of all values.
    private(set) var bytes = 0

    func keys(where condition: (Key, Value) -> Bool) -> [Key] {
        slots.compactMap { slot in slot.flatMap { condition($0.key, $0.value) ? $0.key : nil } }
    }

    /// The value for `key`, which becomes the newest.
    mutating func use(_ key: Key) -> Value? {
        guard let place = places[key], let value = slots[place]?.value else { return nil }
        unlink(place)
        linkNewest(place)
        return value
    }

    /// Adds a value for a key that has none.
    mutating func add(_ value: Value, bytes: Int, for key: Key) {
        let slot = Slot(key: key, value: value, bytes: bytes)
        let place: Int
        if let unused = free.popLast() {
            place = unused
            slots[place] = slot
        } else {
            place = slots.count
            slots.append(slot)
        }
        places[key] = place
        self.bytes += bytes
        linkNewest(place)
    }

    mutating func remove(_ key: Key) -> Value? {
        guard let place = places[key], let slot = slots[place] else { return nil }
        unlink(place)
        slots[place] = nil
        free.append(place)
        places[key] = nil
        bytes -= slot.bytes
        return slot.value
    }

    mutating func removeOldest() -> Value? {
        oldest.flatMap { slots[$0]?.key }.flatMap { remove($0) }
    }

    private mutating func linkNewest(_ place: Int) {
        slots[place]?.older = newest
        slots[place]?.newer = nil
        if let newest { slots[newest]?.newer = place }
        newest = place
        if oldest == nil { oldest = place }
    }

    private mutating func unlink(_ place: Int) {
        guard let slot = slots[place] else { return }
        if let newer = slot.newer { slots[newer]?.older = slot.older } else { newest = slot.older }
        if let older = slot.older { slots[older]?.newer = slot.newer } else { oldest = slot.newer }
    }
}
