public import FoundationEssentials

/// Keeps results under names that say everything that decides them, so that one question is answered once.
public protocol ResultStore: Sendable {
    /// Keeps results together; one of the same id that is whole already stays.
    ///
    /// - Throws: `JobStoreError`.
    func keep(_ results: [StoredResult]) async throws

    /// Nil for an id that nobody has kept.
    func result(_ id: String) async throws -> StoredResult?

    /// The newest first, without their documents.
    ///
    /// - Parameters:
    ///   - kind: nil for all.
    ///   - before: only what came before this result.
    func results(kind: String?, before: String?, limit: Int) async throws -> [StoredResult]

    /// Lets go of the documents that were not read for longest until no more than `bytes` are left; their manifests
    /// stay.
    func prune(to bytes: Int) async throws

    /// Lets go of the results that nobody has read since `date`, manifests and all.
    ///
    /// - Parameter isDry: whether they are only counted.
    /// - Returns: how many there are.
    func forget(readBefore date: Date, isDry: Bool) async throws -> Int

    /// Lets go of everything that is open.
    func close() async throws
}

/// A result as it is kept.
public struct StoredResult: Sendable, Equatable {
    /// 64 hexadecimal digits.
    public let id: String
    /// The kind of analysis, or `comparison`.
    public let kind: String
    public let createdAt: Date
    /// JSON: what was asked, of what, by whom.
    public let manifest: String
    /// The numbers; nil where they were let go of, or are not there yet.
    public let document: [UInt8]?

    public init(id: String, kind: String, createdAt: Date, manifest: String, document: [UInt8]?) {
        self.id = id
        self.kind = kind
        self.createdAt = createdAt
        self.manifest = manifest
        self.document = document
    }
}
