public import FoundationEssentials

/// A labelled collection of images.
public struct DatasetInfo: Sendable, Equatable {
    public let name: String
    public let numImages: Int
    /// The class names, in the order of their indices.
    public let classes: [String]
    public let isBuiltIn: Bool
}

/// An image of a dataset.
public struct DatasetImage: Sendable, Equatable {
    /// `DATASET:INDEX`
    public let ref: String
    public let className: String
    /// Below the dataset's folder; for a built-in dataset what the image shows.
    public let file: String

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

    public init(name: String, dataset: String, numImages: Int, seed: Int = 0, stratified: Bool = true) {
        self.name = name
        self.dataset = dataset
        self.numImages = numImages
        self.seed = seed
        self.stratified = stratified
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
}

extension ProbeSet {
    /// The same set, whose images are called as the dataset numbers them now.
    func named(_ images: [String]) -> ProbeSet {
        ProbeSet(
            name: name, dataset: dataset, seed: seed, stratified: stratified, images: images, digests: digests,
            sha256: sha256, createdAt: createdAt, paths: paths)
    }
}
