/// Why a store could not do what was asked; nothing of it was done then.
public enum JobStoreError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no room. The same may succeed when there is some.
    case diskFull
    /// What is on the disk is no longer to be trusted; what is wrong with it.
    case corrupt(String)
    case failed(String)
    /// A newer version of the program has written the file; it was not touched.
    case newerVersion(String)

    public var description: String {
        switch self {
        case .diskFull: "The disk that holds the queue is full, so nothing was written. Make room and try again."
        case .corrupt(let what):
            "The database of the queue is damaged (\(what)). Stop the server and check the disk. Then bring a backup back "
                + "with “vitscope restore --data DIR --from BACKUP”; without one, move jobs.sqlite and jobs.sqlite-wal out "
                + "of the data directory. Either way the next start finds every job that has a folder again, with its "
                + "weights; none is deleted."
        case .failed(let what): "The database of the queue refused: \(what)."
        case .newerVersion(let what):
            "The database of the queue was written by a newer ViTScope (\(what)). Start that version, or another data "
                + "directory; the file was left as it is."
        }
    }
}
