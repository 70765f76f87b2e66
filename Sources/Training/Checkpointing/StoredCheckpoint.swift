import JSON
import Platform

/// A checkpoint of a run, as the run's own record names it.
public struct StoredCheckpoint: Sendable, Equatable {
    public let step: Int
    public let sizeBytes: Int
    public let sha256: String
    public let path: String

    /// The whole checkpoints of the run in `directory`, by step; none where no run has been.
    ///
    /// Somebody may be training there: the record is replaced whole, so one that is read is true of some moment.
    ///
    /// - Throws: `TrainingError.badData` for a record that cannot be understood, `failed` where it cannot be read.
    public static func all(in directory: String) throws(TrainingError) -> [StoredCheckpoint] {
        let file = directory + "/state.json"
        let bytes: Bytes
        do { bytes = try MappedFile.open(file) } catch {
            if error.isMissing { return [] }
            throw RunDirectory.wrapped(error, directory)
        }
        guard let value = try? JSONValue.parse(bytes), let record = RunRecord(value) else {
            throw .badData("\(file) is not the record of a run, or is damaged.")
        }
        return record.checkpoints.map {
            StoredCheckpoint(
                step: $0.step, sizeBytes: $0.sizeBytes, sha256: $0.sha256,
                path: directory + "/checkpoints/" + $0.fileName)
        }
    }
}
