public import JSON

/// The kinds of analysis that a service answers, in the order in which they are listed.
public struct AnalysisKinds: Sendable {
    public let all: [AnalysisKind]

    package init(_ kinds: [AnalysisKind]) { all = kinds }

    public var names: [String] { all.map(\.name) }

    /// Those that a comparison may have.
    public var comparable: [AnalysisKind] { all.filter(\.spec.isComparable) }

    /// Those that a comparison has unless something else is asked for.
    package var usuallyCompared: [AnalysisKind] { all.filter(\.spec.isUsuallyCompared) }

    public subscript(name: String) -> AnalysisKind? { all.first { $0.name == name } }

    /// A sentence for a name that none of `kinds` has.
    package static func advice(on name: String, among kinds: [AnalysisKind]) -> String {
        let names = kinds.map(\.name)
        return NearestNames.of(name, among: names, count: 1).first.map { "Did you mean “\($0)”?" }
            ?? "There are: \(names.joined(separator: ", "))."
    }

    /// Those whose images can be cut into shards.
    public var shardable: [AnalysisKind] { all.filter(\.spec.isShardable) }

    /// Sentences for parameters of other kinds that this one is asked for, by their names.
    public func refusals(of kind: AnalysisKind) -> [String: String] {
        guard !kind.spec.isShardable else { return [:] }
        return [
            "shards":
                "\(kind.name) is not cut into shards, because what it answers is no sum over images. Leave shards "
                + "out; these kinds can be cut: \(shardable.map(\.name).joined(separator: ", "))."
        ]
    }

    /// As `GET /v1/analysis-kinds` has them.
    public var value: JSONValue { .object([.init("analysis_kinds", .list(all.map(\.spec.value)))]) }
}
