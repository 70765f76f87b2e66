import Glibc
import Images
package import Platform

/// Pictures that users sent, each a file named by the digest of its bytes.
package struct ImageStore: Sendable {
    private let folder: String
    private let limits: ImageLimits

    package init(folder: String, maxBytes: Int) {
        self.folder = folder
        limits = ImageLimits(maxBytes: maxBytes)
    }

    package func open() throws(FileError) { try Folder.create(folder) }

    /// Keeps a picture after decoding it once, so that what is kept can be used.
    package func add(_ bytes: [UInt8]) throws -> StoredImage {
        let found = try Image.decoded(Bytes(bytes), orientation: .apply, limits: limits), image = found.image
        let sha256 = SHA256.hex(of: bytes)
        let path = folder + "/" + sha256
        // One that is there is kept if its bytes are still these.
        let isNew = (try? MappedFile.open(path)).map { SHA256.hex(of: $0) } != sha256
        if isNew { try AtomicFile.write(bytes, to: path) }
        return StoredImage(
            id: "sha256:" + sha256, width: image.width, height: image.height,
            warnings: found.warnings.map { ServiceError.sentence("\($0)") }, isNew: isNew)
    }

    /// The picture with this digest, or nil.
    func source(sha256: String) -> ImageSource? {
        guard Digest.isValid(sha256) else { return nil }
        let path = folder + "/" + sha256
        guard Folder.exists(path) else { return nil }
        return ImageSource(ref: "sha256:" + sha256, sha256: sha256, origin: .file(path: path))
    }

    /// The names of all pictures kept.
    func references() -> [String] {
        let names = (try? Folder.entries(folder).map(\.name)) ?? []
        return names.filter(Digest.isValid).map { "sha256:" + $0 }
    }
}
