import FoundationEssentials
import Logging
import Models
import Platform

/// The registrations on the disk: one JSON file, replaced whole.
package struct CatalogueFile: Sendable {
    /// A registration with its date.
    struct Remembered: Sendable {
        let registration: ModelRegistration
        let createdAt: Date
    }

    private let path: String

    package init(path: String) { self.path = path }

    /// What was written last; nothing where there is no file.
    ///
    /// - Throws: `ServiceError.internalFault` for a file that cannot be understood: starting without it would lose it.
    func read(logger: Logger) throws -> [Remembered] {
        guard Folder.exists(path) else { return [] }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        do {
            let document = try decoder.decode(Document.self, from: Data(MappedFile.open(path).array))
            return document.models.map(\.remembered)
        } catch {
            throw ServiceError.internalFault(
                "The list of models, models.json in the data directory, cannot be read (\(error)). "
                    + "Mend it, or move it away to start with an empty list.")
        }
    }

    func write(_ models: [Remembered]) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try AtomicFile.write([UInt8](encoder.encode(Document(models: models.map(Line.init)))), to: path)
    }

    private struct Document: Codable {
        var version = 1
        let models: [Line]
    }

    /// A registration as JSON has it.
    private struct Line: Codable {
        let name: String
        let path: String
        let arch: String?
        let numHeads: Int?
        let imgSize: [Int]?
        let checkpointKey: String?
        let activation: String?
        let precision: String?
        let preprocess: PreprocessOptions?
        let createdAt: Date

        enum CodingKeys: String, CodingKey {
            case name, path, arch, activation, precision, preprocess
            case numHeads = "num_heads"
            case imgSize = "img_size"
            case checkpointKey = "checkpoint_key"
            case createdAt = "created_at"
        }

        init(_ remembered: Remembered) {
            let registration = remembered.registration
            name = registration.name
            path = registration.path
            arch = registration.arch
            numHeads = registration.numHeads
            imgSize = registration.imgSize.map { [$0.height, $0.width] }
            checkpointKey = registration.checkpointKey
            activation = registration.activation
            precision = registration.precision
            preprocess = registration.preprocess
            createdAt = remembered.createdAt
        }

        var remembered: Remembered {
            let size = imgSize.flatMap { $0.count == 2 ? ImageSize(height: $0[0], width: $0[1]) : nil }
            return Remembered(
                registration: ModelRegistration(
                    name: name, path: path, arch: arch, numHeads: numHeads, imgSize: size,
                    checkpointKey: checkpointKey, activation: activation, precision: precision,
                    preprocess: preprocess),
                createdAt: createdAt)
        }
    }
}
