import Catalogue
import Images

/// What the server has a parser read.
enum ParserOrder: Sendable, Codable {
    case checkpoint(LoadOptions, fileName: String)
    case image(ImageLimits)
}

/// What became of it; what was read lies in the file that came with the order.
enum ParserReply: Sendable, Codable {
    case checkpoint(ModelForm)
    case noCheckpoint(LoadFailure)
    case image(ImageFacts)
    case failed(ServiceError)
}
