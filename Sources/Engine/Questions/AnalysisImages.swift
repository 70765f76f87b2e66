package import Catalogue
import JSON

/// Which probe set is meant.
package struct ProbeSetName: Sendable, Codable {
    let name: String
    /// Over the digests of its images.
    let sha256: String
    let dataset: String
    let seed: Int
    let stratified: Bool
    /// Images that would have been chosen but cannot be read, sentences; nil where none is known of.
    let skipped: [String]?

    package init(_ probeSet: ProbeSet) {
        name = probeSet.name
        sha256 = probeSet.sha256
        dataset = probeSet.dataset
        seed = probeSet.seed
        stratified = probeSet.stratified
        skipped = probeSet.skipped
    }
}

/// The images of an analysis, in order.
package struct AnalysisImages: Sendable, Codable {
    package let sources: [ImageSource]
    /// The probe set they are, if they were asked for as one.
    let probeSet: ProbeSetName?

    package init(sources: [ImageSource], probeSet: ProbeSetName?) {
        self.sources = sources
        self.probeSet = probeSet
    }

    /// The names of a probe set's images stand in the probe set; others are listed one by one.
    private static let listed = 64

    /// Echo of what was looked at.
    var fields: [AnalysisResult.Field] {
        let isListed = probeSet == nil || sources.count <= Self.listed
        let list = isListed ? sources : []
        return [
            (
                "images",
                .list(list.map { .object([.init("ref", .string($0.ref)), .init("sha256", .string($0.sha256))]) })
            ),
            (
                "probe_set",
                probeSet.map {
                    .object([.init("name", .string($0.name)), .init("sha256", .string($0.sha256))])
                } ?? .null
            ),
            ("n_images", .int(sources.count)),
        ]
    }
}
