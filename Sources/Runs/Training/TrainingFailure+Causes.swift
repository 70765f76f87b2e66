import JSON
import Training

extension TrainingFailure {
    init(_ error: TrainingError) {
        switch error {
        case .configuration(let faults):
            self.init(.configuration, "\(error)", faults: faults)
        case .otherRun: self.init(.configuration, "\(error)")
        case .locked: self.init(.locked, "\(error)")
        case .diskFull: self.init(.diskFull, "\(error)")
        case .badData: self.init(.badData, "\(error)")
        case .inexact: self.init(.inexact, "\(error)")
        case .notFinite: self.init(.lossNotFinite, "\(error)")
        case .failed: self.init(.failed, "\(error)")
        }
    }

    /// A setting that is wrong.
    static func setting(_ pointer: String, _ detail: String) -> TrainingFailure {
        TrainingFailure(.configuration, "\(pointer): \(detail)", faults: [.init(pointer: pointer, detail: detail)])
    }
}
