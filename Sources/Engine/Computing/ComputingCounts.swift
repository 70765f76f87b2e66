/// Counts since the start, and sizes of the moment, of whoever computes.
package struct ComputingCounts: Sendable, Equatable, Codable {
    /// How many analyses of a kind, by its name.
    package var finished: [String: Int] = [:]
    package var refused = 0
    /// Analyses that compute, and that wait for their turn.
    package var running = 0
    package var waiting = 0
    /// Memory promised to those that compute, bytes.
    package var bytes = 0
    /// Images that went through a network, and the time it took.
    package var imagesForwarded = 0
    package var forwardSeconds = 0.0
    package var imagesDecoded = 0
    package var decodeSeconds = 0.0
    /// Kept activations.
    package var activations = CacheCounts()
    /// Whether the kernel holds whoever computes to what it needs.
    package var isConfined = false

    package init() {}
}

extension AnalysisEngine {
    /// What was done and what is held here.
    package func computingCounts() async -> ComputingCounts {
        let own = snapshot, line = await compute.snapshot()
        var counts = ComputingCounts()
        for (kind, number) in own.finished { counts.finished[kind.name] = number }
        counts.refused = line.refused
        counts.running = line.running
        counts.waiting = line.waiting
        counts.bytes = line.bytes
        counts.imagesForwarded = own.imagesForwarded
        counts.forwardSeconds = own.forwardSeconds
        counts.imagesDecoded = own.imagesDecoded
        counts.decodeSeconds = own.decodeSeconds
        counts.activations = activations.counts
        return counts
    }
}
