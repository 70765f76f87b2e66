package import Platform

/// Uploaded checkpoints, each a file named by the digest of its bytes.
package struct UploadStore: Sendable {
    /// How files in the making end, so that those a crash left behind are known.
    private static let suffix = ".partial"

    private let folder: String
    private let limit: Int
    private let thread = WorkerThread()

    /// - Parameter limit: bytes of one upload at the most.
    package init(folder: String, limit: Int) {
        self.folder = folder
        self.limit = limit
    }

    /// Makes the folder and removes what a crash left in it.
    package func open() throws(FileError) {
        try Folder.create(folder)
        for entry in try Folder.entries(folder) where entry.name.hasSuffix(Self.suffix) {
            try Folder.removeFile(folder + "/" + entry.name)
        }
    }

    /// A writer for a new upload. The room for what is declared is taken at once.
    ///
    /// - Parameters:
    ///   - sha256: what the bytes have to be; nil where the client does not say.
    ///   - finished: told how many bytes a whole upload had.
    /// - Throws: `tooLarge`, `diskFull`.
    package func begin(
        declaredBytes: Int?, sha256: String?, finished: @escaping @Sendable (Int) -> Void
    ) async throws(ServiceError) -> UploadWriter {
        if let declaredBytes, declaredBytes > limit { throw UploadWriter.tooLarge(limit) }
        let plan = UploadWriter.Plan(
            folder: folder, limit: limit, declaredBytes: max(declaredBytes ?? 0, 0), sha256: sha256)
        do {
            // One after another, so that two uploads are not promised the same room.
            return try await thread.run { [thread] in
                try plan.checkRoom(for: plan.declaredBytes)
                let file = try PartialFile(in: plan.folder, suffix: Self.suffix)
                try file.reserve(plan.declaredBytes)
                return UploadWriter(file: file, plan: plan, thread: thread, finished: finished)
            }
        } catch {
            throw ServiceError(error)
        }
    }

    /// Keeps a file of ours that never changes as the upload with this digest, without a copy of its bytes.
    package func adopt(_ path: String, sha256: String) throws(FileError) {
        precondition(Digest.isValid(sha256), "an upload is named by its digest")
        try Folder.link(path, as: folder + "/" + sha256)
    }

    /// Where the upload with this digest lies, or nil.
    package func path(of sha256: String) -> String? {
        guard Digest.isValid(sha256) else { return nil }
        let path = folder + "/" + sha256
        return Folder.exists(path) ? path : nil
    }

    /// The upload with this digest, or nil.
    package func upload(_ sha256: String) -> Upload? {
        path(of: sha256).flatMap(Folder.fileSize).map { Upload(sha256: sha256, sizeBytes: $0) }
    }

    /// Every upload, by digest.
    package func all() async throws -> [Upload] {
        try await thread.run { [folder] in
            try Folder.entries(folder).filter { !$0.isFolder && Digest.isValid($0.name) }
                .map { Upload(sha256: $0.name, sizeBytes: $0.sizeBytes) }
        }
    }

    /// Removes the upload with this digest. Who has mapped it keeps it.
    package func remove(_ sha256: String) async throws {
        precondition(Digest.isValid(sha256), "an upload is named by its digest")
        let path = folder + "/" + sha256
        try await thread.run {
            try Folder.removeFile(path)
            try AtomicFile.syncDirectory(of: path)
        }
    }
}
