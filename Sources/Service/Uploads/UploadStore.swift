import Platform

/// Uploaded checkpoints, each a file named by the digest of its bytes.
struct UploadStore: Sendable {
    /// How files in the making end, so that those a crash left behind are known.
    private static let suffix = ".partial"

    private let folder: String
    private let limit: Int
    private let thread = WorkerThread()

    /// - Parameter limit: bytes of one upload at the most.
    init(folder: String, limit: Int) {
        self.folder = folder
        self.limit = limit
    }

    /// Makes the folder and removes what a crash left in it.
    func open() throws(FileError) {
        try Folder.create(folder)
        for entry in try Folder.entries(folder) where entry.name.hasSuffix(Self.suffix) {
            try Folder.removeFile(folder + "/" + entry.name)
        }
    }

    /// A writer for a new upload.
    ///
    /// - Parameter finished: told how many bytes a whole upload had.
    func begin(
        declaredBytes: Int?, finished: @escaping @Sendable (Int) -> Void
    ) throws(ServiceError) -> UploadWriter {
        if let declaredBytes, declaredBytes > limit { throw UploadWriter.tooLarge(limit) }
        do throws(FileError) {
            return UploadWriter(
                file: try PartialFile(in: folder, suffix: Self.suffix), folder: folder, limit: limit, thread: thread,
                finished: finished)
        } catch {
            throw ServiceError(error)
        }
    }

    /// Where the upload with this digest lies, or nil.
    func path(of sha256: String) -> String? {
        guard Digest.isValid(sha256) else { return nil }
        let path = folder + "/" + sha256
        return Folder.exists(path) ? path : nil
    }
}

/// The form of a SHA-256 in text.
enum Digest {
    /// Whether `text` is 64 lower-case hexadecimal digits.
    static func isValid(_ text: String) -> Bool {
        text.utf8.count == 64
            && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
