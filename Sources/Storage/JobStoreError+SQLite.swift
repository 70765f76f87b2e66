import GRDB
public import Jobs

extension JobStoreError {
    /// What an error of the database means for the queue.
    public init(_ error: any Error) {
        if let known = error as? JobStoreError {
            self = known
            return
        }
        guard let error = error as? DatabaseError else {
            self = .failed("\(error)")
            return
        }
        // Of a damaged schema SQLite repeats statements, over many lines; what to do comes after the message.
        let told = error.message?.split(whereSeparator: \.isNewline).first.map { String($0.prefix(200)) }
        let message = told ?? "error \(error.extendedResultCode.rawValue)"
        switch error.extendedResultCode {
        case .SQLITE_IOERR_WRITE, .SQLITE_IOERR_SHMSIZE: self = .diskFull
        // After a sync that failed it is unknown what is on the disk.
        case .SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC: self = .corrupt(message)
        default:
            switch error.resultCode {
            case .SQLITE_FULL: self = .diskFull
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .corrupt(message)
            default: self = .failed(message)
            }
        }
    }
}
