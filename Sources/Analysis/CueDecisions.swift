/// What was decided of images whose shape says one class and whose texture another (Geirhos et al. 2019).
public struct CueDecisions: Sendable, Equatable {
    /// For each class the images of that shape decided by their shape.
    public private(set) var shapes: [Int]
    /// For each class the images of that shape decided by their texture.
    public private(set) var textures: [Int]
    /// For each class the images of that shape decided as neither.
    public private(set) var others: [Int]
    /// Images whose cues agree: they say nothing and are left out.
    public private(set) var discarded = 0

    public init(classes: Int) {
        shapes = [Int](repeating: 0, count: classes)
        textures = shapes
        others = shapes
    }

    /// Adds an image of class `shape` by its shape and `texture` by its texture, which was given `decision`.
    public mutating func add(decision: Int, shape: Int, texture: Int) {
        precondition(shapes.indices.contains(shape) && shapes.indices.contains(texture), "no such class")
        if shape == texture {
            discarded += 1
        } else if decision == shape {
            shapes[shape] += 1
        } else if decision == texture {
            textures[shape] += 1
        } else {
            others[shape] += 1
        }
    }

    public var shapeCount: Int { shapes.reduce(0, +) }
    public var textureCount: Int { textures.reduce(0, +) }
    public var otherCount: Int { others.reduce(0, +) }

    /// The share decided by shape of the images decided by shape or texture; nil where there is none.
    public var shapeBias: Double? { Self.share(shapeCount, textureCount) }

    /// The binomial error of `shapeBias`, √(b(1 − b)/n); nil where that is.
    public var standardError: Double? {
        shapeBias.map { ($0 * (1 - $0) / Double(shapeCount + textureCount)).squareRoot() }
    }

    /// `shapeBias` of the images of each shape.
    public var classBias: [Double?] { zip(shapes, textures).map { Self.share($0, $1) } }

    private static func share(_ shapes: Int, _ textures: Int) -> Double? {
        shapes + textures > 0 ? Double(shapes) / Double(shapes + textures) : nil
    }
}
