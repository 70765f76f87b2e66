public import Platform

/// The file of an image below a folder that nothing leads out of.
public struct FolderImage: Sendable, Hashable, Codable {
    /// Below `root`, with slashes.
    public let path: String
    public let root: String

    /// The file at `path` below the folder `root`.
    package init(path: String, root: String) {
        self.path = path
        self.root = root
    }

    /// Its bytes, mapped.
    ///
    /// - Throws: `ImageError.file` where it cannot be read or has become a link.
    public func bytes() throws(ImageError) -> Bytes {
        do { return try MappedFile.open(path, beneath: root) } catch { throw ImageError.file(error) }
    }
}
