/// Why images cannot be made into batches, in words for the user.
public enum DataError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There are fewer images than a batch has.
    case batchTooLarge(batchSize: Int, count: Int)
    /// Mixing pairs each image with another, so a batch has an even number of them.
    case oddBatch(batchSize: Int)
    /// The set has no classes, but the objective asks for them.
    case noLabels
    /// Too many images cannot be read; `examples` says why, for some.
    case unreadable(count: Int, of: Int, examples: [String])
    /// Images cannot be read, and the job says `on_error: refuse`; `examples` says why, for some.
    case refused(count: Int, of: Int, examples: [String])

    public var description: String {
        switch self {
        case .batchTooLarge(let batchSize, let count):
            "a batch of \(batchSize) images is larger than the dataset, which has \(count); lower batch_size"
        case .oddBatch(let batchSize):
            "mixup and cutmix need an even number of images in a batch, not \(batchSize); change batch_size by one"
        case .noLabels: "the dataset has no classes; put the images into a folder for each class"
        case .unreadable(let count, let total, let examples):
            "\(count) of \(total) images cannot be read, too many to go on; repair or remove them: "
                + examples.joined(separator: "; ")
        case .refused(let count, let total, let examples):
            "\(count) of \(total) images cannot be read; repair or remove them, or let on_error be skip: "
                + examples.joined(separator: "; ") + (count > examples.count ? "; …" : "")
        }
    }
}
