package import Images
package import Platform

/// An image that was found: who it is, and how to get its pixels.
package struct ImageSource: Sendable {
    /// Where the pixels come from.
    package enum Origin: Sendable {
        /// The file at this path, an upload or named by itself, turned upright because people look at it.
        case file(path: String)
        /// An image of a folder, left as it is stored, as torchvision leaves it.
        case folder(ImageFolder, index: Int)
        /// An image that is drawn when it is needed.
        case builtIn(BuiltInDataset, index: Int)
    }

    /// As asked for: `sha256:…` or `DATASET:INDEX`.
    package let ref: String
    /// The digest of the file's bytes; that of its pixels for a drawn image.
    package let sha256: String
    package let origin: Origin

    package init(ref: String, sha256: String, origin: Origin) {
        self.ref = ref
        self.sha256 = sha256
        self.origin = origin
    }

    /// Names the pixels: the same bytes turned upright are another image.
    package var key: String {
        if case .file = origin { return "upright:" + sha256 }
        return sha256
    }

    /// The class that its dataset puts it in; nil for an image that stands alone.
    package var className: String? {
        switch origin {
        case .file: nil
        case .folder(let folder, let index): folder.entries[index].label.map { folder.classes[$0] }
        case .builtIn(let dataset, let index): dataset.classes[dataset.label(of: index)]
        }
    }

    /// Its file's name, or what a drawn image shows.
    package var fileName: String {
        switch origin {
        case .file(let path): String(path.split(separator: "/").last ?? "")
        case .folder(let folder, let index): String(folder.entries[index].path.split(separator: "/").last ?? "")
        case .builtIn(let dataset, let index): dataset.description(of: index)
        }
    }

    /// The bytes as they came, or were drawn.
    ///
    /// - Throws: `ServiceError.conflict` where a dataset's file is no longer the one that was found.
    package func file() throws -> (bytes: Bytes, mediaType: String) {
        switch origin {
        case .file(let path): return try typed(checked(MappedFile.open(path)))
        case .folder(let folder, let index): return try typed(checked(folder.bytes(at: index)))
        case .builtIn(let dataset, let index): return (Bytes(PNG.encode(dataset.image(at: index))), "image/png")
        }
    }

    /// The pixels.
    ///
    /// - Throws: as `file()`, and what decoding throws.
    package func image() throws -> Image {
        switch origin {
        case .file(let path): try Image.decode(checked(MappedFile.open(path)), orientation: .apply)
        case .folder(let folder, let index):
            try Image.decode(checked(folder.bytes(at: index)), orientation: .ignore)
        case .builtIn(let dataset, let index): dataset.image(at: index)
        }
    }

    private func typed(_ bytes: Bytes) throws -> (bytes: Bytes, mediaType: String) {
        (bytes, try ImageFormat(of: bytes).mediaType)
    }

    private func checked(_ bytes: Bytes) throws -> Bytes {
        guard SHA256.hex(of: bytes) != sha256 else { return bytes }
        let advice =
            if case .file = origin { "Send the image again, or put the old file back." } else {
                "Make a new probe set, or put the old file back."
            }
        throw ServiceError.conflict("The file behind “\(ref)” has changed since its digest was taken. \(advice)")
    }
}
