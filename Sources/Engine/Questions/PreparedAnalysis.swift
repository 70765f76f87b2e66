/// An analysis whose parameters were checked and whose model and images were found.
public struct PreparedAnalysis: Sendable {
    /// SHA-256 over everything that decides the numbers: the result's permanent name and the heart of its ETag.
    public let id: String
    public let kind: AnalysisKind
    package let task: any AnalysisTask
    package let images: AnalysisImages
    /// As they came.
    package let parameters: [AnalysisParameter]
    /// Every parameter that decides the numbers, resolved, in the order of its declaration.
    package let canonical: [String]
    /// What the answer repeats of the parameters.
    package let echo: [AnalysisResult.Field]

    /// The images of each shard, where they are cut.
    package var shards: [Range<Int>] { (task as? ShardedTask)?.shards ?? [] }

    /// Memory held, bytes, about: the texts of the question, and each image's place.
    package var byteCount: Int { 3072 + images.sources.count * 512 }

    /// Whether it is what somebody sees under the cursor: maps of an image, or of two.
    var isUrgent: Bool { kind.spec.isImmediate && images.sources.count <= 2 }

    /// The parameters that are neither images nor models.
    package var ownParameters: [AnalysisParameter] {
        parameters.filter { !["image", "probe_set", "a", "b"].contains($0.name) }
    }
}
