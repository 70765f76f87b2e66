public import FoundationEssentials
import Images

/// A labelled collection of images.
public struct DatasetInfo: Sendable, Equatable {
    public let name: String
    public let numImages: Int
    /// The class names, in the order of their indices.
    public let classes: [String]
    public let isBuiltIn: Bool
    /// The datasets that are its parts, such as `imagenette2/train`; it then has no images of its own.
    public var splits: [String] = []
    /// What its folder holds beside the images.
    public var leftOut: [LeftOutFiles] = []
    /// Classes without an image, which keep their numbers.
    public var emptyClasses: [String] = []
    /// What index n means, a sentence.
    public var indexRule = ""
    /// Why it cannot be used, a sentence.
    public var error: String?
}

/// Files of one kind that a dataset's folder holds beside its images.
public struct LeftOutFiles: Sendable, Equatable {
    /// Such as `format_not_read` or `system`.
    public let reason: String
    /// The ending in small letters with its dot, or `folder`.
    public let kind: String
    public let count: Int
    /// The paths of the first few below the dataset's folder, one at least.
    public let examples: [String]
    /// The first one's.
    public var example: String { examples.first ?? "" }
}

/// A page of a dataset's images, with what its numbers mean.
public struct DatasetPage: Sendable {
    public let images: Page<DatasetImage>
    public let dataset: DatasetInfo

    package init(images: Page<DatasetImage>, dataset: DatasetInfo) {
        self.images = images
        self.dataset = dataset
    }
}

/// An image of a dataset.
public struct DatasetImage: Sendable, Equatable {
    /// `DATASET:INDEX`
    public let ref: String
    public let className: String
    /// Below the dataset's folder; for a built-in dataset what the image shows.
    public let file: String
    /// Why it cannot be used, a sentence; nil where it can, or was not looked at.
    public var error: String?
    /// What is odd about its file, sentences; nil where it was not looked at.
    public var warnings: [String]?

    public init(ref: String, className: String, file: String) {
        self.ref = ref
        self.className = className
        self.file = file
    }
}

/// What somebody asks to be frozen as a probe set.
public struct ProbeSetRequest: Sendable, Equatable {
    public var name: String
    public var dataset: String
    public var numImages: Int
    public var seed: Int
    /// Whether every class gets its share.
    public var stratified: Bool
    /// Whether images that cannot be read are left out, and others chosen for them, rather than refused.
    public var skipsUnreadable: Bool
    /// What `on_error` may be.
    public static let onErrorChoices = UnreadableRule.allCases.map(\.rawValue)

    /// - Parameter onError: one of `onErrorChoices`; nil for the first, which refuses.
    public mutating func setOnError(_ onError: String?) {
        skipsUnreadable = onError == UnreadableRule.skip.rawValue
    }

    public init(
        name: String, dataset: String, numImages: Int, seed: Int = 0, stratified: Bool = true,
        skipsUnreadable: Bool = false
    ) {
        self.name = name
        self.dataset = dataset
        self.numImages = numImages
        self.seed = seed
        self.stratified = stratified
        self.skipsUnreadable = skipsUnreadable
    }
}

/// A frozen, ordered list of images, so that two analyses see the same ones.
public struct ProbeSet: Sendable, Equatable, Codable {
    public let name: String
    public let dataset: String
    public let seed: Int
    public let stratified: Bool
    /// `DATASET:INDEX`, in order.
    public let images: [String]
    /// SHA-256 of each image's bytes, in the same order.
    public let digests: [String]
    /// SHA-256 over the digests.
    public let sha256: String
    public let createdAt: Date
    /// The path of each image below the dataset's folder, in the same order; nil for a built-in dataset, whose indices
    /// never change, and in sets of before paths were kept.
    public var paths: [String]?
    /// What is odd about files of the set although their images are whole, sentences; nil in older sets.
    public var warnings: [String]?
    /// Images that would have been chosen but cannot be read, sentences; nil in older sets.
    public var skipped: [String]?
}

extension ProbeSet {
    /// The same set, whose images are called as the dataset numbers them now.
    func named(_ images: [String]) -> ProbeSet {
        ProbeSet(
            name: name, dataset: dataset, seed: seed, stratified: stratified, images: images, digests: digests,
            sha256: sha256, createdAt: createdAt, paths: paths,
            warnings: warnings, skipped: skipped)
    }
}
