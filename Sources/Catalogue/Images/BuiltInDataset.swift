package import Images
import Platform

/// A dataset that is drawn when it is needed.
package struct BuiltInDataset: Sendable, Hashable, Codable {
    /// What an image's class is.
    package enum Label: String, Sendable, Codable { case shape, texture }

    private let pictures: ShapesTextures
    private let label: Label?

    /// What every service offers: `shapes-textures`, large enough for models of 224 pixels.
    package static let standard: [BuiltInDataset] =
        (try? ShapesTextures(count: 1000, imgSize: 224)).map { [.init($0)] } ?? []

    /// - Parameter label: nil for what the cue of the images says.
    package init(_ pictures: ShapesTextures, by label: Label? = nil) {
        self.pictures = pictures
        self.label = label
    }

    package var name: String { ShapesTextures.name }
    package var count: Int { pictures.count }
    package var classes: [String] {
        switch label {
        case .shape: ShapesTextures.shapeNames
        case .texture: ShapesTextures.textureNames
        case nil: pictures.classes
        }
    }

    package func label(of index: Int) -> Int {
        switch label {
        case .shape: pictures.shapeLabel(at: index)
        case .texture: pictures.textureLabel(at: index)
        case nil: pictures.label(at: index)
        }
    }

    func image(at index: Int) -> Image { pictures.image(at: index) }

    /// 0 for the background, otherwise one more than the image's class.
    func labels(of index: Int) -> LabelImage { pictures.mask(at: index, of: label(of: index)) }

    /// Shape and texture in words.
    func description(of index: Int) -> String {
        let shape = ShapesTextures.shapeNames[pictures.shapeLabel(at: index)]
        return "\(shape)-\(ShapesTextures.textureNames[pictures.textureLabel(at: index)])-\(index)"
    }

    /// The classes by shape and by texture, whose numbers go together where cues match.
    package func cues(of index: Int) -> (shape: Int, texture: Int) {
        (pictures.shapeLabel(at: index), pictures.textureLabel(at: index))
    }

    /// As many other images of the same size, in which shape and texture agree.
    package func matched(count: Int, seed: UInt64) throws(ImageError) -> BuiltInDataset {
        BuiltInDataset(try ShapesTextures(count: count, imgSize: pictures.imgSize, seed: seed, cue: .matched))
    }

    /// The digest of the size and the pixels, because there is no file.
    package func sha256(of index: Int) -> String {
        let image = image(at: index)
        let hash = SHA256()
        hash.update("\(image.height)x\(image.width)\n")
        hash.update(image.pixels)
        return hash.hex()
    }
}
