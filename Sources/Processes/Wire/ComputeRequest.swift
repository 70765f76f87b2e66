import Catalogue
import Engine
import Images

/// What the server asks of the process that computes.
enum ComputeRequest: Sendable, Codable {
    /// Maps the form of a model, and holds its network.
    case load(path: String, digest: String)
    case forget(fingerprint: String)
    case answer(Question)
    /// Draws a figure of the result that comes beside it.
    case draw(Drawing)
    case view(ImageSource, EvaluationTransform)
    case look([FolderImage], faults: Int)
    case counts
    /// Nobody waits any more for the request with this number.
    case cancel(UInt64)

    /// A question, its images found.
    struct Question: Sendable, Codable {
        /// A name with the fingerprint of its model.
        struct Model: Sendable, Codable {
            let name: String
            let fingerprint: String
        }

        let id: String
        let kind: String
        let models: [Model]
        /// Neither images nor models among them.
        let parameters: [AnalysisParameter]
        let images: AnalysisImages
    }

    /// How a result is drawn.
    struct Drawing: Sendable, Codable {
        let id: String
        let kind: String
        let figure: String?
        /// What is drawn below maps; none where nothing is.
        let sources: [ImageSource]
        let transform: EvaluationTransform?
    }
}

/// What it answers; large numbers come beside it.
enum ComputeReply: Sendable, Codable {
    case loaded(LoadedModel)
    case notLoaded(LoadFailure)
    /// A result, whose bytes come beside, and where its time went.
    case result([Timing.Entry])
    /// An image as PNG, whose bytes come beside.
    case image
    case looks([ImageLook])
    case counts(ComputingCounts)
    case done
    case failed(ServiceError)
}
