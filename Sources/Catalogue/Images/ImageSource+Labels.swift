package import Images
import Platform

// Masks of segmentation.
extension ImageSource {
    /// What the folder of a dataset's masks is called behind the dataset's name: `pets-masks` beside `pets`.
    package static let maskFolder = "-masks"

    /// Where the mask of a folder's image lies: in the parallel folder, under the same path, as PNG.
    private var mask: FolderImage? {
        guard case .folder(let image, _) = origin else { return nil }
        var parts = image.path.split(separator: "/").map(String.init)
        guard parts.count > 1, let file = parts.popLast() else { return nil }
        parts[0] += Self.maskFolder
        let stem = file.lastIndex(of: ".").map { String(file[..<$0]) } ?? file
        return FolderImage(path: (parts + [stem + ".png"]).joined(separator: "/"), root: image.root)
    }

    /// What decides its labels beside its pixels: the digest of the mask's file, or what a drawn image shows; empty where
    /// there is no mask, or more bytes of one than are read.
    package var maskDigest: String {
        if case .builtIn = origin { return "drawn " + (className ?? "") }
        guard let bytes = try? mask?.bytes(), bytes.count <= ImageLimits.standard.maxBytes else { return "" }
        return SHA256.hex(of: bytes)
    }

    /// The label of each of its pixels.
    ///
    /// - Throws: `ServiceError.conflict` where it has no mask, `unreadable` where that is none.
    package func labels() throws -> LabelImage {
        if case .builtIn(let dataset, let index) = origin { return dataset.labels(of: index) }
        guard let mask else {
            throw ServiceError.conflict(
                "“\(ref)” has no mask. Ask for images of a dataset with a folder of masks beside it, called as the dataset "
                    + "with \(Self.maskFolder) behind, or of shapes-textures, which knows its own.")
        }
        do {
            return try LabelImage.decode(mask.bytes())
        } catch ImageError.file(let error) where error.isMissing {
            throw ServiceError.conflict(
                "“\(ref)” has no mask: \(mask.path) is not there. A dataset's masks lie in a folder beside it, called as the "
                    + "dataset with \(Self.maskFolder) behind, each under the path of its image and as PNG.")
        } catch {
            throw ServiceError.unreadable("The mask of “\(ref)” cannot be used: \(error).")
        }
    }
}
