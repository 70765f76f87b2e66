public import Images
import Platform

/// The images that a model learns from.
public enum TrainingDataset: Sendable {
    /// Pictures on disk, a folder for each class.
    case folder(ImageFolder)
    /// The built-in data set.
    case shapesTextures(ShapesTextures)

    /// How many images there are.
    public var count: Int {
        switch self {
        case .folder(let folder): folder.count
        case .shapesTextures(let set): set.count
        }
    }

    /// The names of the classes; empty in a folder without classes.
    public var classes: [String] {
        switch self {
        case .folder(let folder): folder.classes
        case .shapesTextures(let set): set.classes
        }
    }

    /// The class of image `index`; nil in a folder without classes.
    public func label(at index: Int) -> Int? {
        switch self {
        case .folder(let folder): folder.entries[index].label
        case .shapesTextures(let set): set.label(at: index)
        }
    }

    /// Image `index`, decoded or drawn.
    ///
    /// - Throws: `ImageError` where a file cannot be read.
    public func image(at index: Int) throws(ImageError) -> Image {
        switch self {
        case .folder(let folder): try folder.image(at: index)
        case .shapesTextures(let set): set.image(at: index)
        }
    }

    /// What to call image `index` when talking to people: its path below the folder, or its number.
    public func name(at index: Int) -> String {
        switch self {
        case .folder(let folder): folder.entries[index].path
        case .shapesTextures: "\(ShapesTextures.name) \(index)"
        }
    }

    /// What is odd about the set as a whole: classes without images, images that were left out.
    public var warnings: [DataWarning] {
        guard case .folder(let folder) = self else { return [] }
        let left = folder.leftOut.filter { $0.reason == .format || $0.reason == .link || $0.reason == .loose }
        return folder.emptyClasses.map { .emptyClass($0) } + left.map { .leftOut($0.words) }
    }

    /// SHA-256 over the paths and sizes of the files, or over the parameters of the built-in set, 64 hexadecimal
    /// digits: what a run that is taken up again compares. No file is opened.
    ///
    /// - Throws: `ImageError.file` where a folder can no longer be listed.
    public func digest() throws(ImageError) -> String {
        let hash = SHA256()
        switch self {
        case .shapesTextures(let set):
            hash.update("\(ShapesTextures.name) \(set.count) \(set.imgSize) \(set.seed) \(set.cue.rawValue)")
        case .folder(let folder):
            for name in folder.classes { hash.update("\(name)\n") }
            // Files of a folder follow one another, so each folder is listed once.
            var listed: (path: String, sizes: [String: Int])?
            for entry in folder.entries {
                let parts = entry.path.split(separator: "/", omittingEmptySubsequences: false)
                let parent = ([folder.directory] + parts.dropLast().map { String($0) }).joined(separator: "/")
                if listed?.path != parent { listed = (parent, try Self.sizes(parent)) }
                hash.update("\(entry.path) \(listed?.sizes[String(parts[parts.count - 1])] ?? -1)\n")
            }
        }
        return hash.hex()
    }

    private static func sizes(_ path: String) throws(ImageError) -> [String: Int] {
        do {
            return Dictionary(
                try Folder.entries(path).map { ($0.name, $0.sizeBytes) }, uniquingKeysWith: { first, _ in first })
        } catch {
            throw ImageError.file(error)
        }
    }
}
