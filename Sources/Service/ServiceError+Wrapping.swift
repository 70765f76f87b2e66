import Images
import Jobs
import Platform

extension ServiceError {
    /// The error as the service tells it: its own errors as they are, a full disk as such, everything else a fault of
    /// ours whose cause is for the log.
    init(_ error: any Error) {
        switch error {
        case let error as ServiceError: self = error
        case let error as ImageError: self.init(error)
        case let error as FileError where error.isDiskFull: self = .diskFull
        case JobStoreError.diskFull: self = .diskFull
        case is CancellationError: self = .cancelled
        default: self = .internalFault("\(error)")
        }
    }
}
