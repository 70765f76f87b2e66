import Platform
import Synchronization

/// Takes the bytes of an upload as they come. Whoever drops it unfinished leaves nothing on the disk.
///
/// A class because a file in the making has an identity. Writing and hashing happen on a thread of their own, and
/// whoever appends waits for it, so no more than one piece of the upload is in memory.
public final class UploadWriter: Sendable {
    /// What an upload has to keep to.
    struct Plan: Sendable {
        let folder: String
        let limit: Int
        /// 0 where the client does not say.
        let declaredBytes: Int
        let sha256: String?

        /// - Throws: `diskFull` where `bytes` more would leave less than others need.
        func checkRoom(for bytes: Int) throws {
            let space = try DiskSpace(at: folder)
            guard bytes <= space.freeBytes - space.reserveBytes else { throw ServiceError.diskFull }
        }
    }

    private struct Progress: ~Copyable {
        var file: PartialFile
        var hash: SHA256
        /// Bytes for which room was found.
        var granted: Int
    }

    /// For an upload that did not say how long it is, room is looked for again after so many bytes.
    private static let grantBytes = 1 << 20

    private let progress: Mutex<Progress?>
    private let plan: Plan
    private let thread: WorkerThread
    private let finished: @Sendable (Int) -> Void

    init(file: sending PartialFile, plan: Plan, thread: WorkerThread, finished: @escaping @Sendable (Int) -> Void) {
        progress = Mutex(Progress(file: file, hash: SHA256(), granted: plan.declaredBytes))
        self.plan = plan
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
    /// - Throws: `diskFull`, `invalid` where it is not what was announced, or `conflict` where the upload is over.
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
            guard let file = progress?.file else { return }
            guard bytes.count <= plan.limit - file.count else { throw Self.tooLarge(plan.limit) }
            let coming = file.count + bytes.count
            if let granted = progress?.granted, coming > granted {
                try plan.checkRoom(for: max(bytes.count, Self.grantBytes))
                progress?.granted = file.count + max(bytes.count, Self.grantBytes)
            }
            progress?.hash.update(bytes)
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
            if let announced = plan.sha256, announced != sha256 {
                throw ServiceError.invalid(
                    "",
                    "The bytes that came have the SHA-256 \(sha256), not \(announced) as announced. Send them again.")
            }
            // The same bytes again need no second copy, unless the first one was damaged.
            let target = plan.folder + "/" + sha256
            let isNew = try Folder.fileSize(target) != size || SHA256.hex(of: MappedFile.open(target)) != sha256
            if isNew { try file.finish(as: target) } else { file.discard() }
            finished(size)
            return Upload(sha256: sha256, sizeBytes: size, isNew: isNew)
        }
    }

    private static let over = ServiceError.conflict("This upload is over already.")
}
