/// One number for each image and head of a block. A number that is not defined is NaN.
public struct HeadValues: Sendable, Equatable {
    public let images: Int
    public let heads: Int
    /// (images, heads), row-major.
    public let values: [Double]

    public init(images: Int, heads: Int, values: [Double]) {
        precondition(values.count == images * heads, "\(values.count) numbers for \(images)×\(heads)")
        self.images = images
        self.heads = heads
        self.values = values
    }

    public subscript(image: Int, head: Int) -> Double { values[image * heads + head] }

    /// The mean over the heads of each image: (images).
    public var imageMeans: [Double] {
        (0..<images).map { image in (0..<heads).reduce(0) { $0 + self[image, $1] } / Double(heads) }
    }
}
