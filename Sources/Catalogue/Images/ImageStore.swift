import Images
package import Platform

/// Images that users sent, each a file named by the digest of its bytes, and beside it its pixels in our own form, which
/// is all that anybody computes with.
package struct ImageStore: Sendable {
    private let folder: String
    private let pixelsFolder: String
    private let limits: ImageLimits
    private let read: ImageReading

    /// - Parameter read: decodes what somebody sent.
    package init(dataDirectory: String, maxBytes: Int, read: @escaping ImageReading) {
        folder = dataDirectory + "/images"
        pixelsFolder = dataDirectory + "/pixels"
        limits = .files(maxBytes: maxBytes)
        self.read = read
    }

    package func open() throws(FileError) {
        try Folder.create(folder)
        try Folder.create(pixelsFolder)
    }

    /// Keeps an image after decoding it once, so that what is kept can be used.
    package func add(_ bytes: [UInt8]) async throws -> StoredImage {
        guard bytes.count <= limits.maxBytes else {
            throw ImageError.tooManyBytes(bytes.count, limit: limits.maxBytes)
        }
        let sha256 = SHA256.hex(of: bytes)
        let facts = try await readPixels(of: sha256, try OpenFile(memoryHolding: [Bytes(bytes)]))
        let path = folder + "/" + sha256
        // One that is there is kept if its bytes are still these.
        let isNew = (try? MappedFile.open(path)).map { SHA256.hex(of: $0) } != sha256
        if isNew { try AtomicFile.write(bytes, to: path) }
        return StoredImage(
            id: "sha256:" + sha256, width: facts.width, height: facts.height, warnings: facts.warnings, isNew: isNew)
    }

    /// The image with this digest, or nil.
    ///
    /// - Throws: what decoding throws, where its pixels were not there yet.
    func source(sha256: String) async throws -> ImageSource? {
        guard Digest.isValid(sha256) else { return nil }
        let path = folder + "/" + sha256
        guard Folder.exists(path) else { return nil }
        let pixels = pixelsPath(of: sha256)
        // Who kept the image may have been a version without this form.
        if !Folder.exists(pixels) { _ = try await readPixels(of: sha256, try OpenFile(sha256, beneath: folder)) }
        return ImageSource(ref: "sha256:" + sha256, sha256: sha256, origin: .upload(path: path, pixels: pixels))
    }

    private func readPixels(of sha256: String, _ file: OpenFile) async throws -> ImageFacts {
        let partial = try PartialFile(in: pixelsFolder, suffix: ".part")
        let facts = try await read(file, try partial.writing(), limits)
        try partial.finish(as: pixelsPath(of: sha256))
        return facts
    }

    private func pixelsPath(of sha256: String) -> String { "\(pixelsFolder)/\(sha256).png" }

    /// The names of all images kept.
    func references() -> [String] {
        let names = (try? Folder.entries(folder).map(\.name)) ?? []
        return names.filter(Digest.isValid).map { "sha256:" + $0 }
    }
}
