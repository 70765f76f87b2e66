/// What is wrong with some images while training goes on.
public enum DataWarning: Sendable, Equatable, CustomStringConvertible {
    /// An image cannot be read; another takes its place.
    case unreadable(path: String, reason: String)
    /// A class has no image.
    case emptyClass(String)
    /// Images in formats that are not read, and links, are left out; number and example in words.
    case leftOut(String)

    public var description: String {
        switch self {
        case .unreadable(let path, let reason): "\(path) is skipped: \(reason)"
        case .emptyClass(let name): "the class \(name) has no images"
        case .leftOut(let words): "left out: \(words)"
        }
    }
}
