package import JSON
import Platform

/// What one shard of a question has come to, as a file keeps it.
package struct ShardState: Sendable {
    /// Of the file's fields.
    private static let version = 1

    package let shard: Int
    package let images: Range<Int>
    /// Where it was computed.
    package let host: String
    /// The sums, which the kind of the question understands.
    let sums: JSONValue

    init(shard: Int, images: Range<Int>, host: String, sums: JSONValue) {
        self.shard = shard
        self.images = images
        self.host = host
        self.sums = sums
    }

    /// Over the sums alone, which are the same wherever they are computed.
    private var digest: String { SHA256.hex(of: sums.canonical) }

    /// The file of shard `shard` of `analysis`.
    package func document(of analysis: PreparedAnalysis) -> JSONValue {
        SealedDocument.sealed(
            .object([
                .init("shard_state", .int(Self.version)), .init("analysis_id", .string(analysis.id)),
                .init("analysis", .string(analysis.kind.name)), .init("shard", .int(shard)),
                .init("first_image", .int(images.lowerBound)), .init("n_images", .int(images.count)),
                .init("host", .string(host)), .init("sums", sums),
            ]))
    }

    /// What is in the file of shard `shard` of `analysis`; nil for one that is not whole, or of another question or version:
    /// it is computed again then.
    package init?(_ document: JSONValue, shard: Int, of analysis: PreparedAnalysis) {
        guard let task = analysis.task as? ShardedTask, task.shards.indices.contains(shard),
            document["seal"] != nil, SealedDocument.isWhole(document),
            document["shard_state"]?.int == Self.version, document["analysis_id"]?.string == analysis.id,
            document["shard"]?.int == shard, let host = document["host"]?.string,
            let sums = document["sums"], task.whole.understands(sums)
        else { return nil }
        self.init(shard: shard, images: task.shards[shard], host: host, sums: sums)
    }

    /// As a manifest names it.
    package var field: JSONValue {
        .object([
            .init("shard", .int(shard)), .init("first_image", .int(images.lowerBound)),
            .init("n_images", .int(images.count)), .init("sha256", .string(digest)), .init("host", .string(host)),
        ])
    }
}
