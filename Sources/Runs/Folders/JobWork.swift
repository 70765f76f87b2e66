package import Jobs
package import JSON

/// What a worker has to do: in JSON, an object whose `kind` says which of these it is.
package enum JobWork: Sendable, Equatable {
    /// A model is trained.
    case training(TrainingOrder)
    /// A question about models is answered.
    case question(AnalysisRequest)
    /// One shard of a question is computed.
    case shard(ShardRequest)
    /// A snapshot of a training is looked at.
    case snapshot(SnapshotRequest)

    /// What users see of it: a training as it was posted, and of the others what is asked.
    package var config: JSONValue {
        switch self {
        case .training(let order): order.config
        case .question(let request): (try? JSONValue(encoding: request)) ?? .null
        case .shard(let request): (try? JSONValue(encoding: request)) ?? .null
        case .snapshot(let request): (try? JSONValue(encoding: request)) ?? .null
        }
    }

    package var jobKind: JobKind {
        switch self {
        case .training: .training
        case .question, .shard, .snapshot: .analysis
        }
    }
}

extension JobWork: Codable {
    private enum Kind: String, Codable { case training, question, shard, snapshot }
    private enum CodingKeys: CodingKey { case kind }

    package init(from decoder: any Decoder) throws {
        switch try decoder.container(keyedBy: CodingKeys.self).decode(Kind.self, forKey: .kind) {
        case .training: self = .training(try TrainingOrder(from: decoder))
        case .question: self = .question(try AnalysisRequest(from: decoder))
        case .shard: self = .shard(try ShardRequest(from: decoder))
        case .snapshot: self = .snapshot(try SnapshotRequest(from: decoder))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .training(let order):
            try container.encode(Kind.training, forKey: .kind)
            try order.encode(to: encoder)
        case .question(let request):
            try container.encode(Kind.question, forKey: .kind)
            try request.encode(to: encoder)
        case .shard(let request):
            try container.encode(Kind.shard, forKey: .kind)
            try request.encode(to: encoder)
        case .snapshot(let request):
            try container.encode(Kind.snapshot, forKey: .kind)
            try request.encode(to: encoder)
        }
    }
}
