import Glibc
import Images
import Platform

/// Images that users sent, each a file named by the digest of its bytes.
struct ImageStore: Sendable {
    private let folder: String
    private let limits: ImageLimits

    init(folder: String, maxBytes: Int) {
        self.folder = folder
        limits = ImageLimits(maxBytes: maxBytes)
    }

    func open() throws(FileError) { try Folder.create(folder) }

    /// Keeps an image after decoding it once, so that what is kept can be used.
    func add(_ bytes: [UInt8]) throws -> StoredImage {
        let found = try Image.decoded(Bytes(bytes), orientation: .apply, limits: limits), image = found.image
        let sha256 = SHA256.hex(of: bytes)
        let path = folder + "/" + sha256
        let isNew = !Folder.exists(path)
        if isNew { try AtomicFile.write(bytes, to: path) }
        return StoredImage(
            id: "sha256:" + sha256, width: image.width, height: image.height,
            warnings: found.warnings.map { ServiceError.sentence("\($0)") }, isNew: isNew)
    }

    /// The image with this digest, or nil.
    func source(sha256: String) -> ImageSource? {
        guard Digest.isValid(sha256) else { return nil }
        let path = folder + "/" + sha256
        guard Folder.exists(path) else { return nil }
        return ImageSource(ref: "sha256:" + sha256, sha256: sha256, origin: .file(path: path))
    }

    /// The names of all images kept.
    func references() -> [String] {
        let names = (try? Folder.entries(folder).map(\.name)) ?? []
        return names.filter(Digest.isValid).map { "sha256:" + $0 }
    }
}

extension ServiceError {
    /// What is wrong with an image, as the service tells it.
    init(_ error: ImageError) {
        let sentence = Self.sentence("\(error)")
        switch error {
        case .empty, .notAnImage, .otherFormat, .unsupported: self = .unsupportedMedia(sentence)
        case .tooManyBytes, .tooLong, .tooManyPixels, .tooManyScans, .tooMuchWork, .tooSlow, .noMemory:
            self = .tooLarge(sentence, alternative: "")
        case .truncated, .damaged: self = .unreadable(sentence)
        case .setting(let name, let reason): self = .invalid("/preprocess/" + name, Self.sentence("\(name) \(reason)"))
        // What lies in a dataset is its owner's to put right, not a fault of ours.
        case .file(.outside), .file(.notRegular): self = .conflict(sentence)
        case .file(.system(_, _, let code)) where [EACCES, EPERM, EISDIR].contains(code): self = .conflict(sentence)
        case .file(let error): self = .init(error as any Error)
        case .noImages, .hasSplits, .tooManyFolders: self = .conflict(sentence)
        }
    }

    /// `text` with a full stop at the end, and a capital at the start unless it starts with a name.
    static func sentence(_ text: String) -> String {
        let isName = text.prefix { $0 != " " }.contains { "_./0123456789".contains($0) }
        let capital = isName ? text : text.prefix(1).uppercased() + text.dropFirst()
        return capital.hasSuffix(".") || capital.hasSuffix("?") ? capital : capital + "."
    }
}
