import Platform
import Synchronization

/// Takes the bytes of an upload as they come. Whoever drops it unfinished leaves nothing on the disk.
///
/// A class because a file in the making has an identity. Writing and hashing happen on a thread of their own.
public final class UploadWriter: Sendable {
    private struct Progress: ~Copyable {
        var file: PartialFile
        var hash: SHA256
    }

    private let progress: Mutex<Progress?>
    private let folder: String
    private let limit: Int
    private let thread: WorkerThread
    private let finished: @Sendable (Int) -> Void

    init(
        file: sending PartialFile, folder: String, limit: Int, thread: WorkerThread,
        finished: @escaping @Sendable (Int) -> Void
    ) {
        progress = Mutex(Progress(file: file, hash: SHA256()))
        self.folder = folder
        self.limit = limit
        self.thread = thread
        self.finished = finished
    }

    /// Adds bytes.
    ///
    /// - Throws: `tooLarge` over the limit, `diskFull`; the upload is over then, and nothing of it is left.
    public func append(_ bytes: [UInt8]) async throws(ServiceError) {
        try await onThread { try self.write(bytes) }
    }

    /// Keeps the file under its digest.
    ///
    /// - Throws: `diskFull`, or `conflict` where the upload is over.
    public func finish() async throws(ServiceError) -> Upload {
        try await onThread { try self.keep() }
    }

    /// Removes what was written.
    public func abort() {
        progress.withLock { progress in
            if let over = progress.take() { over.file.discard() }
        }
    }

    static func tooLarge(_ limit: Int) -> ServiceError {
        .tooLarge(
            "An upload may have \(ByteCount.text(limit)).",
            alternative: "Put the file into the models directory instead, and register it by its name.")
    }

    private func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws(ServiceError) -> R {
        do {
            return try await thread.run(work)
        } catch {
            abort()
            throw ServiceError(error)
        }
    }

    private func write(_ bytes: [UInt8]) throws {
        try progress.withLock { progress in
            guard progress != nil else { throw Self.over }
            progress?.hash.update(bytes)
            guard let file = progress?.file else { return }
            guard bytes.count <= limit - file.count else { throw Self.tooLarge(limit) }
            try file.append(bytes)
        }
    }

    private func keep() throws -> Upload {
        try progress.withLock { progress in
            guard let done = progress.take() else { throw Self.over }
            let file = done.file
            let sha256 = done.hash.hex()
            let size = file.count
            guard size > 0 else { throw ServiceError.unreadable("The upload has no bytes.") }
            // The same bytes again need no second copy.
            if Folder.exists(folder + "/" + sha256) {
                file.discard()
            } else {
                try file.finish(as: folder + "/" + sha256)
            }
            finished(size)
            return Upload(sha256: sha256, sizeBytes: size)
        }
    }

    private static let over = ServiceError.conflict("This upload is over already.")
}
