public import Catalogue
import JSON
import Models
import Platform
import Tensors

/// Times the way from a checkpoint on the disk to a model that answers.
public enum LoadBenchmark {
    /// Loads the checkpoint at `path` over and over.
    ///
    /// - Throws: `ServiceError.invalid` for counts out of range, `unreadable` where no model can be made of the file.
    public static func run(_ path: String, rounds: Int, threads: Int) throws(ServiceError) -> WorkReport {
        guard (1...1000).contains(rounds) else { throw .invalid("/rounds", "rounds must lie from 1 to 1000.") }
        NumericLibraries.prepareThread()
        var seconds: [Double] = [], bytes = 0
        for _ in 0..<rounds {
            let clock = ContinuousClock(), start = clock.now
            let read: ReadModel
            do {
                read = try ModelLoader.read(CheckpointPlace(path: path), LoadOptions())
                let model = try VisionTransformer(
                    config: read.model.config, stateDict: read.tensors, precision: read.model.precision)
                bytes = model.memoryBytes
            } catch let failure as LoadFailure {
                throw .unreadable("\(path): \(failure.sentence)")
            } catch {
                throw .unreadable(ServiceError.sentence("\(path): \(error)"))
            }
            seconds.append(Stopwatch.seconds(clock.now - start))
        }
        return WorkReport("loading \(path)", threads: threads, seconds: seconds, inputBytes: bytes)
    }
}
