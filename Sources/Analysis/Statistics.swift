/// Mean and spread of numbers that come one after another (Welford's recurrence), in double precision.
public struct Statistics: Sendable, Equatable {
    /// How many numbers came.
    public internal(set) var count = 0
    var average = 0.0
    var squares = 0.0

    public init() {}

    init(count: Int, average: Double, squares: Double) {
        self.count = count
        self.average = average
        self.squares = squares
    }

    public init(_ numbers: some Sequence<Double>) { for number in numbers { add(number) } }

    public mutating func add(_ number: Double) {
        count += 1
        let difference = number - average
        average += difference / Double(count)
        squares += difference * (number - average)
    }

    /// Nil for no numbers, and where one of them was not finite.
    public var mean: Double? { count > 0 && average.isFinite ? average : nil }

    /// That of the sample, with n − 1; nil for fewer than two numbers, and where one of them was not finite.
    public var standardDeviation: Double? {
        guard count > 1, squares.isFinite else { return nil }
        return (squares / Double(count - 1)).squareRoot()
    }

    /// The mean's own: standard deviation / √n; nil where that is.
    public var standardError: Double? { standardDeviation.map { $0 / Double(count).squareRoot() } }
}

/// Mean and spread of vectors that come one after another, number by number.
public struct VectorStatistics: Sendable, Equatable, Codable {
    var numbers: [Statistics]

    public init(count: Int) { numbers = [Statistics](repeating: Statistics(), count: count) }

    public mutating func add(_ vector: some Collection<Double>) {
        precondition(vector.count == numbers.count, "\(vector.count) numbers, \(numbers.count) expected")
        for (index, number) in vector.enumerated() { numbers[index].add(number) }
    }

    public subscript(index: Int) -> Statistics { numbers[index] }

    /// See `Statistics`, each (count).
    public var mean: [Double?] { numbers.map(\.mean) }
    public var standardDeviation: [Double?] { numbers.map(\.standardDeviation) }
    public var standardError: [Double?] { numbers.map(\.standardError) }
}

/// Mean and spread over images of a number for each head, by layer.
public struct LayerHeadStatistics: Sendable, Equatable, Codable {
    var layers: [Statistics]
    var layerHeads: [[Statistics]]

    public init(layers: Int, heads: Int) {
        self.layers = [Statistics](repeating: Statistics(), count: layers)
        layerHeads = [[Statistics]](
            repeating: [Statistics](repeating: Statistics(), count: heads), count: layers)
    }

    /// Adds the images of `values`, which belong to the `layer`-th of the layers looked at.
    public mutating func add(_ values: HeadValues, layer: Int) {
        precondition(values.heads == layerHeads[layer].count, "another number of heads")
        for image in 0..<values.images {
            for head in 0..<values.heads { layerHeads[layer][head].add(values[image, head]) }
        }
        for mean in values.imageMeans { layers[layer].add(mean) }
    }

    /// Over images, of the mean over heads: (layers).
    public var mean: [Double?] { layers.map(\.mean) }
    /// Over images, of the mean over heads: (layers). Nil with one image.
    public var standardDeviation: [Double?] { layers.map(\.standardDeviation) }
    /// The error of `mean`: (layers). Nil with one image.
    public var standardError: [Double?] { layers.map(\.standardError) }
    /// Mean over images of each head: (layers, heads).
    public var perHead: [[Double?]] { layerHeads.map { $0.map(\.mean) } }
}
