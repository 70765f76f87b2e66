import Checkpoints
import Platform
import Tensors

/// Weights of a run at some of its steps, for analyses: `step-N.safetensors`, and an empty `step-N.taken` beside it once
/// somebody has written down that it is there.
public struct SnapshotFolder: Sendable {
    public let path: String

    public init(_ path: String) { self.path = path }

    /// What the file of `step` is called.
    public static func fileName(_ step: Int) -> String { "step-\(step).safetensors" }

    /// Whether the snapshot of `step` was written down, so that a run that comes by again need not ask again.
    public func isTaken(_ step: Int) -> Bool { Folder.exists(marker(step)) }

    /// Remembers that the snapshot of `step` was written down.
    ///
    /// - Throws: `TrainingError.diskFull`, `.failed`.
    public func markTaken(_ step: Int) throws(TrainingError) {
        do { try AtomicFile.write([], to: marker(step), isPrivate: false) } catch {
            throw RunDirectory.wrapped(error, path)
        }
    }

    /// Writes the weights of `step` and makes them durable.
    ///
    /// - Returns: the file's path.
    func write(_ tensors: StateDict, metadata: [String: String], step: Int) throws(TrainingError) -> String {
        let file = path + "/" + Self.fileName(step)
        do {
            try Folder.create(path)
            try SafeTensors.write(tensors, metadata: metadata, to: file)
        } catch let error as FileError { throw RunDirectory.wrapped(error, path) } catch let error as CheckpointError {
            if case .file(let cause) = error { throw RunDirectory.wrapped(cause, path) }
            throw .failed("\(file) cannot be written: \(error)")
        } catch { throw .failed("\(file) cannot be written: \(error)") }
        return file
    }

    private func marker(_ step: Int) -> String { path + "/step-\(step).taken" }
}
