public import JSON

/// Why a run did not begin, or ended early.
public enum TrainingError: Error, Sendable, Equatable {
    /// Settings that are wrong: all faults at once.
    case configuration([Fault])
    /// The directory holds a run with other settings.
    case otherRun(String)
    /// The images, the threads or the program are others than the run was begun with.
    case inexact(String)
    /// Another process trains in the directory.
    case locked(directory: String)
    /// The disk is full.
    case diskFull(directory: String)
    /// A file or an image is not what it should be.
    case badData(String)
    /// A loss or a gradient is no number.
    case notFinite(what: String, step: Int)
    /// The machine refused something else.
    case failed(String)
}

extension TrainingError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .configuration(let faults):
            faults.map { ($0.pointer.isEmpty ? "" : "\($0.pointer): ") + $0.detail }.joined(separator: "\n")
        case .otherRun(let sentence), .inexact(let sentence), .badData(let sentence), .failed(let sentence): sentence
        case .locked(let directory):
            "Another process is training in \(directory). Wait for it, or take another directory."
        case .diskFull(let directory):
            "The disk of \(directory) is full. Make room and run the same command again: the last checkpoint is whole, "
                + "and training goes on from it."
        case .notFinite(let what, let step):
            "The \(what) of step \(step) \(what == "weights" ? "are not finite numbers" : "is not a finite number"), so "
                + "training stops before anything spoiled is saved; the last checkpoint stays. A lower lr, a longer warm-up or clip_grad usually helps; they need a new "
                + "directory."
        }
    }
}
