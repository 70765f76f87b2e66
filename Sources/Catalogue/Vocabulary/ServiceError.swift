public import JSON
import Platform

/// Why the service did not do what it was asked to.
///
/// `detail` is a sentence for the user. It names what the user named, and never a path of the server's disk or an
/// address in its memory.
public enum ServiceError: Error, Sendable, Equatable, Codable {
    /// Readable but wrong: every fault that was found, at once.
    case invalid([Fault])
    /// Bytes that are not what they should be: a torn JPEG, a broken page token.
    case unreadable(String)
    /// Nothing has this name. `nearest` are the known names most like it; of a dataset's images, the first and the last.
    case notFound(ResourceKind, name: String, nearest: [String])
    /// The request does not go with what is already there.
    case conflict(String)
    /// More than the limits allow, and what to ask for instead.
    case tooLarge(String, alternative: String)
    /// It was here and is not any more.
    case gone(String)
    /// Too much to do at the moment; it may be asked again in so many seconds.
    case busy(String, retryAfter: Int)
    /// As many jobs wait as may; one may be posted again in so many seconds.
    case queueFull(String, retryAfter: Int)
    /// Bytes of a kind that is not taken here.
    case unsupportedMedia(String)
    /// The disk has no room.
    case diskFull
    /// The service cannot do this now: it is starting, draining, or its data directory is not writable.
    case unavailable(String)
    /// Another server holds the data directory.
    case dataDirectoryLocked
    /// Whoever asked went away.
    case cancelled
    /// A question that ended the process that computes, more than once: it is refused until the program changes.
    case fatal(String)
    /// A fault of ours, or of the machine. The sentence is for the log alone.
    case internalFault(String)

    /// What the user should read.
    public var detail: String {
        switch self {
        case .invalid(let faults): faults.map(\.detail).joined(separator: " ")
        case .unreadable(let detail), .conflict(let detail), .busy(let detail, _), .unsupportedMedia(let detail),
            .unavailable(let detail), .gone(let detail), .queueFull(let detail, _), .fatal(let detail):
            detail
        case .notFound(let kind, let name, let nearest):
            Self.range(kind, name, nearest)
                ?? "There is no \(kind.title) named “\(name)”."
                + (nearest.isEmpty
                    ? kind.list.map { " GET \($0) lists them." } ?? ""
                    : " Did you mean \(nearest.map { "“\($0)”" }.joined(separator: " or "))?")
        case .tooLarge(let detail, let alternative): detail + " " + alternative
        case .diskFull: "The server's disk is full. Delete something, or ask its administrator for room."
        case .dataDirectoryLocked:
            "Another ViTScope server is using this data directory. Stop it, or choose another --data."
        case .cancelled: "The request was cancelled."
        case .internalFault: "Something went wrong inside ViTScope. The request id finds the cause in its log."
        }
    }

    /// What to say of an index beyond a dataset; nil for anything else.
    private static func range(_ kind: ResourceKind, _ name: String, _ nearest: [String]) -> String? {
        guard kind == .image, nearest.count == 2, let colon = name.lastIndex(of: ":"),
            let last = nearest[1].lastIndex(of: ":").flatMap({ Int(nearest[1][nearest[1].index(after: $0)...]) })
        else { return nil }
        return "There is no image “\(name)”: the dataset “\(name[..<colon])” has \(last + 1) "
            + "image\(last == 0 ? "" : "s"), 0 to \(last)."
    }

    /// Whether something was named that does not exist.
    package var isNotFound: Bool {
        if case .notFound = self { return true }
        return false
    }

    /// One fault.
    package static func invalid(_ pointer: String, _ detail: String) -> ServiceError {
        .invalid([Fault(pointer: pointer, detail: detail)])
    }
}

extension ServiceError: CustomStringConvertible {
    public var description: String {
        if case .internalFault(let cause) = self { return cause }
        return detail
    }
}

/// The kinds of thing that have a name. Raw values are JSON's words.
public enum ResourceKind: String, Sendable, Codable {
    case model, dataset, image, upload, analysis
    case probeSet = "probe_set"
    case checkpoint
    case job
    /// A checkpoint of a job, which is a model, too.
    case jobCheckpoint = "job_checkpoint"
    /// On the machine of whoever runs a command.
    case file

    /// Where those that exist are listed.
    fileprivate var list: String? {
        switch self {
        case .model: "/v1/models"
        case .dataset: "/v1/datasets"
        case .probeSet: "/v1/probe-sets"
        case .job: "/v1/jobs"
        case .analysis: "/v1/analyses"
        case .image, .upload, .checkpoint, .jobCheckpoint, .file: nil
        }
    }

    /// The names, in words.
    public var title: String {
        switch self {
        case .probeSet: "probe set"
        case .jobCheckpoint: "checkpoint of a job"
        case .checkpoint: "checkpoint file or folder in the models directory"
        default: rawValue
        }
    }
}
