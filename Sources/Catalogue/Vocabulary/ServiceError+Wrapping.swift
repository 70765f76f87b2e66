import Glibc
package import Images
import Platform

extension ServiceError {
    /// The error as the service tells it: its own errors as they are, a full disk as such, everything else a fault of
    /// ours whose cause is for the log.
    package init(_ error: any Error) {
        switch error {
        case let error as ServiceError: self = error
        case let error as ImageError: self.init(error)
        case let error as FileError where error.isDiskFull: self = .diskFull
        case is CancellationError: self = .cancelled
        default: self = .internalFault("\(error)")
        }
    }

    /// Calls `body`, whose errors become the service's.
    package static func wrapping<R>(_ body: () async throws -> R) async throws(ServiceError) -> R {
        do { return try await body() } catch { throw ServiceError(error) }
    }
}

extension ServiceError {
    /// What is wrong with a picture, as the service tells it.
    package init(_ error: ImageError) {
        let sentence = Self.sentence("\(error)")
        switch error {
        case .empty, .notAnImage, .otherFormat, .unsupported, .noLabels: self = .unsupportedMedia(sentence)
        case .tooManyBytes, .tooLong, .tooManyPixels, .tooManyScans, .tooMuchWork, .tooSlow, .noMemory:
            self = .tooLarge(sentence, alternative: "")
        case .truncated, .damaged: self = .unreadable(sentence)
        case .setting(let name, let reason): self = .invalid("/preprocess/" + name, Self.sentence("\(name) \(reason)"))
        // What lies in a dataset is its owner's to put right, not a fault of ours.
        case .file(.outside), .file(.notRegular): self = .conflict(sentence)
        case .file(.system(_, _, let code)) where [EACCES, EPERM, EISDIR].contains(code): self = .conflict(sentence)
        case .file(let error): self = .init(error as any Error)
        case .noImages, .hasSplits, .tooManyFolders: self = .conflict(sentence)
        }
    }

    /// `text` with a full stop at the end, and a capital at the start unless it starts with a name.
    package static func sentence(_ text: String) -> String {
        let isName = text.prefix { $0 != " " }.contains { "_./0123456789".contains($0) }
        let capital = isName ? text : text.prefix(1).uppercased() + text.dropFirst()
        return capital.hasSuffix(".") || capital.hasSuffix("?") ? capital : capital + "."
    }
}
