import FoundationEssentials
import JSON
import Platform

/// The registrations on the disk: one JSON file, replaced whole.
package struct CatalogueFile: Sendable {
    /// A registration with its date.
    struct Remembered: Sendable {
        let registration: ModelRegistration
        let createdAt: Date
    }

    /// Of the file's form. Version 1 wrote `cropPct` and `cropMode` where there is `crop_pct` and `crop_mode` now.
    private static let version = 2

    private let path: String

    package init(path: String) { self.path = path }

    /// What was written last; nothing where there is no file.
    ///
    /// - Throws: `ServiceError.internalFault` for a file that cannot be understood: starting without it would lose it.
    func read() throws -> [Remembered] {
        guard Folder.exists(path) else { return [] }
        do {
            let document = try JSONValue.parse(MappedFile.open(path).array)
            guard let version = document["version"]?.int, (1...Self.version).contains(version),
                let models = document["models"]?.list
            else { throw CatalogueFault(what: "it has no version and models that this program knows") }
            guard SealedDocument.isWhole(document) else {
                throw CatalogueFault(
                    what: "it is not what was written; if you changed it yourself, take its member “seal” out")
            }
            return try models.map { try Self.remembered(version == 1 ? $0.withNewNames : $0) }
        } catch {
            throw ServiceError.internalFault(
                "The list of models, models.json in the data directory, cannot be read (\(error)). "
                    + "Mend it, or move it away to start with an empty list.")
        }
    }

    func write(_ models: [Remembered]) throws {
        let document = JSONValue.object([
            .init("version", .int(Self.version)), .init("models", .list(models.map(Self.line))),
        ])
        try AtomicFile.write(SealedDocument.sealed(document).pretty, to: path)
    }

    private static func line(_ remembered: Remembered) -> JSONValue {
        let registration = remembered.registration
        return .object(
            [.init("name", .string(registration.name)), .init("path", .string(registration.path))]
                + registration.options.members
                + [.init("created_at", .string(remembered.createdAt.ISO8601Format()))])
    }

    private static func remembered(_ line: JSONValue) throws(CatalogueFault) -> Remembered {
        guard let name = line["name"]?.string, let path = line["path"]?.string,
            let date = line["created_at"]?.string.flatMap({ try? Date($0, strategy: .iso8601) })
        else { throw CatalogueFault(what: "a model of it has no name, path and created_at") }
        return Remembered(
            registration: ModelRegistration(
                name: name, path: path, options: LoadOptions(line)),
            createdAt: date)
    }
}

/// What is wrong with a list of models.
private struct CatalogueFault: Error, CustomStringConvertible {
    let what: String

    var description: String { what }
}

extension JSONValue {
    /// A line of version 1 in the names of version 2.
    fileprivate var withNewNames: JSONValue {
        guard let members = object else { return self }
        let names = ["cropPct": "crop_pct", "cropMode": "crop_mode"]
        return .object(
            members.map { member in
                guard member.name == "preprocess", let options = member.value.object else { return member }
                return .init(member.name, .object(options.map { .init(names[$0.name] ?? $0.name, $0.value) }))
            })
    }
}
