public import Jobs
public import JSON

/// Why a run did not begin or ended early.
public struct TrainingFailure: Error, Sendable, Equatable {
    /// Kinds that a program tells apart.
    public enum Kind: Sendable, Equatable {
        /// Settings are wrong, or are not those of the run in the directory.
        case configuration
        case badData, locked, diskFull, failed
        /// A loss, a gradient or a weight is no number.
        case lossNotFinite
        /// The images, the threads or the program are others than the run was begun with.
        case inexact
    }

    public let kind: Kind
    /// What happened and what to do, for people.
    public let message: String
    /// The settings that are wrong.
    public let faults: [Fault]

    /// The same for a job.
    public var reason: JobFailure.Reason {
        switch kind {
        case .configuration: .configuration
        case .badData: .badData
        case .lossNotFinite: .lossNotFinite
        case .diskFull: .diskFull
        case .inexact: .inexact
        case .locked, .failed: .failed
        }
    }

    init(_ kind: Kind, _ message: String, faults: [Fault] = []) {
        self.kind = kind
        self.message = message
        self.faults = faults
    }
}
