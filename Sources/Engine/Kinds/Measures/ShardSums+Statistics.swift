import Analysis

extension LayerHeadStatistics: ShardSums {
    mutating func take(_ next: LayerHeadStatistics) -> Bool {
        guard fits(next) else { return false }
        add(next)
        return true
    }
}

extension [VectorStatistics]: ShardSums {
    mutating func take(_ next: [VectorStatistics]) -> Bool {
        guard map(\.width) == next.map(\.width) else { return false }
        for index in indices { self[index].add(next[index]) }
        return true
    }
}

extension CKASums: ShardSums {
    mutating func take(_ next: CKASums) -> Bool { add(next) }
}
