extension WorkerLook.Outcome: Codable {
    private enum Kind: String, Codable { case succeeded, divided, stopped, failed, crashed }
    private enum CodingKeys: CodingKey { case kind, reason, message }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let message = try container.decodeIfPresent(String.self, forKey: .message) ?? "The worker did not say why."
        switch try container.decode(Kind.self, forKey: .kind) {
        case .succeeded: self = .succeeded
        case .divided: self = .divided
        case .stopped: self = .stopped
        case .failed:
            let reason = try container.decodeIfPresent(String.self, forKey: .reason)
            self = .failed(JobFailure(reason.flatMap(JobFailure.Reason.init) ?? .failed, message))
        case .crashed: self = .crashed(message)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .succeeded: try container.encode(Kind.succeeded, forKey: .kind)
        case .divided: try container.encode(Kind.divided, forKey: .kind)
        case .stopped: try container.encode(Kind.stopped, forKey: .kind)
        case .failed(let failure):
            try container.encode(Kind.failed, forKey: .kind)
            try container.encode(failure.reason.rawValue, forKey: .reason)
            try container.encode(failure.message, forKey: .message)
        case .crashed(let how):
            try container.encode(Kind.crashed, forKey: .kind)
            try container.encode(how, forKey: .message)
        }
    }
}
