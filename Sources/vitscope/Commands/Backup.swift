import ArgumentParser
import Catalogue
import Runs
import Service
import Storage

/// Copies what a data directory cannot make again.
struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Back up a data directory's queue, list of models and probe sets; a server may be running on it.",
        discussion: """
            Weights, uploads and images are files that never change: copy DATA/jobs, DATA/uploads and DATA/images with the \
            tool that copies your other files. “vitscope restore” brings a backup back.
            """)

    @Option(help: "The data directory of the server.")
    var data: String

    @Option(
        help: """
            Where to: a folder that is made, a folder that is there (one with the date in its name is made in it), or a \
            file that ends in .sqlite for the database alone.
            """)
    var out: String

    func run() async throws {
        do {
            let place = try await DataBackup(data: data).make(at: out) { try await SQLiteJobStore.copy($0, to: $1) }
            Terminal.print(place)
        } catch { throw Failure(anything: error) }
    }
}

/// Brings a backup back.
struct Restore: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a backup back into a data directory on which no server runs.",
        discussion: """
            What is there now is moved to set-aside in the data directory. No folder of a job is touched: the next start \
            lists the jobs again that are newer than the backup.
            """)

    @Option(help: "The data directory of the server.")
    var data: String

    @Option(help: "What “vitscope backup” has printed: a folder, or a .sqlite file.")
    var from: String

    func run() async throws {
        do {
            let old = try await DataBackup(data: data).restore(from) { try await SQLiteJobStore.check($0) }
            if let old { Terminal.write("vitscope: what was there is now in \(data)/\(old)\n") }
            Terminal.print("restored \(from)")
        } catch { throw Failure(anything: error) }
    }
}

extension Failure {
    /// The code that goes with an error of the service, the store or the disk.
    fileprivate init(anything error: any Error) {
        switch error {
        case let error as ServiceError: self.init(error)
        default: self.init("\(error)", .badData)
        }
    }
}
