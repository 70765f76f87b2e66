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

    func makeEngine() -> AnalysisEngine {
        var limits = ServiceLimits()
        limits.computeBytes = computeBytes
        limits.queueLength = queueLength
        limits.activationCacheBytes = activationCacheBytes
        // The server remembers results; here they would be kept twice.
        limits.resultCacheBytes = 0
        let engine = AnalysisEngine(threads: threads, limits: limits, codeVersion: codeVersion)
        engine.passes.gather(.breath)
        return engine
    }
}
