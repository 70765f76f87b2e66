package import Images
package import Platform

/// An image that was found: who it is, and how to get its pixels.
package struct ImageSource: Sendable, Codable {
    /// Where the pixels come from.
    package enum Origin: Sendable, Codable {
        /// The file at this path, named by itself on the command line; turned upright because people look at it.
        case file(path: String)
        /// An upload: the file as it came, and its pixels, upright, in our own form.
        case upload(path: String, pixels: String)
        /// An image of a folder, left as it is stored, as torchvision leaves it; nil without classes.
        case folder(FolderImage, className: String?)
        /// An image that is drawn when it is needed.
        case builtIn(BuiltInDataset, index: Int)

        /// Image `index` of `folder`.
        package static func image(_ index: Int, of folder: ImageFolder) -> Origin {
            .folder(folder.file(at: index), className: folder.entries[index].label.map { folder.classes[$0] })
        }
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
        switch origin {
        case .file, .upload: "upright:" + sha256
        case .folder, .builtIn: sha256
        }
    }

    /// The class that its dataset puts it in; nil for an image that stands alone.
    package var className: String? {
        switch origin {
        case .file, .upload: nil
        case .folder(_, let className): className
        case .builtIn(let dataset, let index): dataset.classes[dataset.label(of: index)]
        }
    }

    /// Its file's name, or what a drawn image shows.
    package var fileName: String {
        switch origin {
        case .file(let path), .upload(let path, _): String(path.split(separator: "/").last ?? "")
        case .folder(let image, _): String(image.path.split(separator: "/").last ?? "")
        case .builtIn(let dataset, let index): dataset.description(of: index)
        }
    }

    /// The bytes as they came, or were drawn.
    ///
    /// - Throws: `ServiceError.conflict` where a dataset's file is no longer the one that was found.
    package func file() throws -> (bytes: Bytes, mediaType: String) {
        switch origin {
        case .file(let path), .upload(let path, _): return try typed(checked(MappedFile.open(path)))
        case .folder(let image, _): return try typed(checked(image.bytes()))
        case .builtIn(let dataset, let index): return (Bytes(PNG.encode(dataset.image(at: index))), "image/png")
        }
    }

    /// The pixels.
    ///
    /// - Throws: as `file()`, and what decoding throws.
    package func image() throws -> Image {
        switch origin {
        case .file(let path): try Image.decode(checked(MappedFile.open(path)), orientation: .apply)
        case .upload(_, let pixels): try own(pixels)
        case .folder(let image, _): try Image.decode(checked(image.bytes()), orientation: .ignore)
        case .builtIn(let dataset, let index): dataset.image(at: index)
        }
    }

    /// The pixels in our own form, which tells a changed bit itself.
    private func own(_ path: String) throws -> Image {
        do {
            return try Image.decode(MappedFile.open(path), orientation: .ignore, limits: .ownFiles)
        } catch is ImageError {
            throw ServiceError.conflict(
                "The server's own copy of “\(ref)” is damaged on its disk. Send the image again.")
        }
    }

    private func typed(_ bytes: Bytes) throws -> (bytes: Bytes, mediaType: String) {
        (bytes, try ImageFormat(of: bytes).mediaType)
    }

    /// Whether somebody sent it, or named it by itself.
    private var isSent: Bool {
        switch origin {
        case .file, .upload: true
        case .folder, .builtIn: false
        }
    }

    private func checked(_ bytes: Bytes) throws -> Bytes {
        guard SHA256.hex(of: bytes) != sha256 else { return bytes }
        let advice =
            if isSent { "Send the image again, or put the old file back." } else {
                "Make a new probe set, or put the old file back."
            }
        throw ServiceError.conflict("The file behind “\(ref)” has changed since its digest was taken. \(advice)")
    }
}
