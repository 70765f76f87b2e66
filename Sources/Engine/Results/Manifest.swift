import Catalogue
import Checkpoints
package import FoundationEssentials
package import JSON
import Platform
import Tensors

/// Everything that somebody needs who wants the same numbers again.
package struct Manifest {
    /// The version of the fields below. The first had another digest, of numbers in digits.
    package static let version = 2
    /// Numbers written out at the most; of more, their digest alone.
    private static let numberLimit = 1 << 18

    /// The manifest of a result that was just computed.
    ///
    /// - Parameter shards: what each shard came to, where others computed them.
    package static func make(
        _ analysis: PreparedAnalysis, _ result: AnalysisResult, codeVersion: String, threads: Int, at date: Date,
        shards: [ShardState] = []
    ) -> JSONValue {
        let models = analysis.task.models.map { model in
            JSONValue.object([
                .init("name", .string(model.name)), .init("sha256", .string(model.model.sha256)),
                .init("fingerprint", .string(model.model.fingerprint)), .init("arch", .optional(model.model.arch)),
                .init("precision", .string(model.model.precision.rawValue)),
            ])
        }
        let images = analysis.images
        var members: [JSONValue.Member] = [
            .init("manifest", .int(version)), .init("analysis_id", .string(analysis.id)),
            .init("analysis", .string(analysis.kind.name)), .init("code_version", .string(codeVersion)),
            .init("created_at", .date(date)), .init("threads", .int(threads)),
            .init("cpu", .string(Machine.processor.model)), .init("revision", .string(Machine.revision)),
            .init("models", .list(models)),
            .init(
                "parameters",
                .list(
                    analysis.ownParameters.map {
                        .object([.init("name", .string($0.name)), .init("value", .string($0.value))])
                    })),
            .init("canonical", .strings(analysis.canonical)),
            .init(
                "probe_set",
                images.probeSet.map(probeSet) ?? .null),
            .init(
                "images",
                .list(
                    images.sources.map {
                        .object([.init("ref", .string($0.ref)), .init("sha256", .string($0.sha256))])
                    })),
            .init("results", .object(result.allArrays.map { .init($0.name, numbers($0.array)) })),
        ]
        if !shards.isEmpty { members.append(.init("shards", .list(shards.map(\.field)))) }
        return .object(members)
    }

    private static func probeSet(_ set: ProbeSetName) -> JSONValue {
        // Images that were left out because they cannot be read change which ones the numbers are of.
        let skipped = set.skipped ?? []
        let left: [JSONValue.Member] =
            skipped.isEmpty
            ? []
            : [
                .init("n_skipped", .int(skipped.count)),
                .init("skipped", .strings(Array(skipped.prefix(100)))),
            ]
        return .object(
            [
                .init("name", .string(set.name)), .init("sha256", .string(set.sha256)),
                .init("dataset", .string(set.dataset)), .init("seed", .int(set.seed)),
                .init("stratified", .bool(set.stratified)),
            ] + left)
    }

    private static func numbers(_ array: NamedArray) -> JSONValue {
        let isShort = array.shape.reduce(1) { saturatingProduct($0, $1) } <= numberLimit
        return .object([
            .init("shape", .ints(array.shape)), .init("dtype", .string(array.dtype)),
            .init("sha256", .string(digest(array))), .init("values", isShort ? .doubles(array.doubles) : .null),
        ])
    }

    /// The digest of an array's numbers as an NPY file has them after its header.
    package static func digest(_ array: NamedArray) -> String { SHA256.hex(of: array.littleEndianBytes) }
}

extension NamedArray {
    /// The numbers' own bytes: `dtype`, row-major.
    fileprivate var littleEndianBytes: Bytes {
        switch numbers {
        case .float32(let tensor): tensor.littleEndianBytes
        case .float64(let numbers): Bytes(littleEndian: numbers)
        }
    }
}
