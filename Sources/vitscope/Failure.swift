import Catalogue
import Service

/// What the program's exit code says.
enum ExitStatus: Int32 {
    case failure = 1
    case usage = 2
    /// What was asserted does not hold.
    case doesNotHold = 3
    case badData = 65
    case unavailable = 69
    case tryAgain = 75
    case configuration = 78
    case interrupted = 130
    case terminated = 143
}

/// An end with a sentence on stderr and an exit code.
struct Failure: Error {
    let message: String
    let code: ExitStatus

    init(_ message: String, _ code: ExitStatus) {
        self.message = message
        self.code = code
    }

    /// The code that goes with a refusal of the service.
    init(_ error: ServiceError) {
        let code: ExitStatus =
            switch error {
            case .invalid: .usage
            case .unreadable, .unsupportedMedia, .tooLarge: .badData
            case .notFound, .conflict, .gone, .cancelled, .fatal, .internalFault: .failure
            case .busy, .queueFull, .dataDirectoryLocked: .tryAgain
            case .unavailable, .diskFull: .unavailable
            }
        self.init(error.description, code)
    }
}
