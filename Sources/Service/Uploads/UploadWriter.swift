/// Takes the bytes of an upload as they come. Whoever drops it unfinished leaves nothing on the disk.
///
/// An actor because a half-written file is shared mutable state.
public actor UploadWriter {
    /// Adds bytes.
    ///
    /// - Throws: `tooLarge` over the limit, `diskFull`; the upload is over then.
    public func append(_ bytes: [UInt8]) throws(ServiceError) { throw .unavailable("") }

    /// Keeps the file under its digest.
    public func finish() throws(ServiceError) -> Upload { throw .unavailable("") }

    /// Removes what was written.
    public func abort() {}
}
