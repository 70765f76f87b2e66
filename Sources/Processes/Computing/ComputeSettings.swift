package import Catalogue
import Engine

/// How the process that computes is set up; its only argument.
package struct ComputeSettings: Sendable, Codable {
    package let threads: Int
    package let codeVersion: String
    package let computeBytes: Int
    package let queueLength: Int
    package let activationCacheBytes: Int
    /// Below which it may read files; nothing else of the disk is its business.
    package let readable: [String]

    package init(threads: Int, codeVersion: String, limits: ServiceLimits, readable: [String]) {
        self.threads = threads
        self.codeVersion = codeVersion
        computeBytes = limits.computeBytes
        queueLength = limits.queueLength
        activationCacheBytes = limits.activationCacheBytes
        self.readable = readable
    }

    /// What remembers results is the server; here they are kept for those who ask the same at the same time.
    private static let resultCacheBytes = 32 << 20

    func makeEngine() -> AnalysisEngine {
        var limits = ServiceLimits()
        limits.computeBytes = computeBytes
        limits.queueLength = queueLength
        limits.activationCacheBytes = activationCacheBytes
        limits.resultCacheBytes = Self.resultCacheBytes
        let engine = AnalysisEngine(threads: threads, limits: limits, codeVersion: codeVersion)
        engine.passes.gather(.breath)
        return engine
    }
}
