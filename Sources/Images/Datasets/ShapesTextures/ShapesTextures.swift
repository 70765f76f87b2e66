import Tensors

/// The built-in data set: ten silhouettes filled with ten textures, drawn on the spot.
///
/// An image is a function of the seed and its index, so nothing is stored and any image can be had alone. Shape
/// and texture are independent cues, made to ask which of the two a model relies on (Geirhos et al., arXiv 1811.12231).
public struct ShapesTextures: Sendable, Hashable, Codable {
    /// Which cues an image carries, and how they go together.
    public enum Cue: String, Sendable, CaseIterable, Codable {
        /// Shape and texture are drawn independently.
        case independent
        /// The texture of the same number as the shape.
        case matched
        /// Any texture but that of the shape's number.
        case conflict
        /// Silhouettes with a plain filling.
        case shape
        /// The texture alone, over the whole image.
        case texture
    }

    /// The name under which the service offers it.
    public static let name = "shapes-textures"

    /// How many images there are.
    public let count: Int
    /// Pixels a side.
    public let imgSize: Int
    public let seed: UInt64
    public let cue: Cue

    /// - Throws: `ImageError.setting` for a count or a size that makes no sense.
    public init(count: Int = 4096, imgSize: Int = 48, seed: UInt64 = 0, cue: Cue = .independent) throws(ImageError) {
        guard (1...10_000_000).contains(count) else {
            throw ImageError.setting(name: "n_images", reason: "must be between 1 and 10000000, not \(count)")
        }
        guard (16...1024).contains(imgSize) else {
            throw ImageError.setting(name: "img_size", reason: "must be between 16 and 1024 pixels, not \(imgSize)")
        }
        self.count = count
        self.imgSize = imgSize
        self.seed = seed
        self.cue = cue
    }

    /// The names of the shapes; a shape label is an index into them.
    public static let shapeNames = Shape.allCases.map(\.rawValue)
    /// The names of the textures; a texture label is an index into them.
    public static let textureNames = Texture.allCases.map(\.rawValue)

    /// The class names of a listing: the textures where an image shows nothing else, otherwise the shapes.
    public var classes: [String] { cue == .texture ? Self.textureNames : Self.shapeNames }

    /// The class of image `index`: its texture where it shows nothing else, otherwise its shape.
    public func label(at index: Int) -> Int { cue == .texture ? textureLabel(at: index) : shapeLabel(at: index) }

    /// The shape of image `index`, also where the cue hides it.
    public func shapeLabel(at index: Int) -> Int { labels(at: index).shape }

    /// The texture of image `index`, also where the cue hides it.
    public func textureLabel(at index: Int) -> Int { labels(at: index).texture }

    /// Image `index`.
    public func image(at index: Int) -> Image {
        let labels = labels(at: index)
        return image(shape: Shape.allCases[labels.shape], texture: Texture.allCases[labels.texture], variation: index)
    }

    /// An image of this shape and texture, with the colours, place and turn of image `variation`.
    public func image(shape: Shape, texture: Texture, variation: Int) -> Image {
        Drawing(
            shape: shape, texture: texture, cue: cue, side: imgSize,
            random: RandomStream(seed: seed, index: variation).stream(1)
        ).drawn()
    }

    /// What each pixel of image `index` shows: 0 for the background, otherwise one more than the number of its shape, or
    /// of its texture where the image shows nothing else.
    public func mask(at index: Int) -> LabelImage { mask(at: index, of: label(at: index)) }

    /// The same with 1 + `label` for what is not background.
    package func mask(at index: Int, of label: Int) -> LabelImage {
        let labels = labels(at: index)
        return Drawing(
            shape: Shape.allCases[labels.shape], texture: Texture.allCases[labels.texture], cue: cue, side: imgSize,
            random: RandomStream(seed: seed, index: index).stream(1)
        ).mask(label: UInt8(clamping: 1 + label))
    }

    /// All shapes (columns) with all textures (rows), for people to look at.
    public func sheet(gap: Int = 2) -> Image {
        precondition((0...64).contains(gap), "a gap of 0 to 64 pixels")
        let step = imgSize + gap, side = step * 10 + gap
        var sheet = Image(height: side, width: side, red: 255, green: 255, blue: 255)
        for (row, texture) in Texture.allCases.enumerated() {
            for (column, shape) in Shape.allCases.enumerated() {
                let picture = image(shape: shape, texture: texture, variation: row * 10 + column)
                sheet = sheet.overlaid(with: picture, top: gap + row * step, left: gap + column * step)
            }
        }
        return sheet
    }

    private func labels(at index: Int) -> (shape: Int, texture: Int) {
        precondition(index >= 0 && index < count, "image \(index) of \(count)")
        var random = RandomStream(seed: seed, index: index)
        let kinds = Shape.allCases.count
        let shape = random.below(kinds)
        switch cue {
        case .matched: return (shape, shape)
        case .conflict: return (shape, (shape + 1 + random.below(kinds - 1)) % kinds)
        case .independent, .shape, .texture: return (shape, random.below(kinds))
        }
    }
}
