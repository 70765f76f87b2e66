public import Catalogue
import Checkpoints
import Engine
import Images
public import JSON
import Platform

/// A manifest's question asked again, and how far the numbers are from those that it names.
public struct Verification: Sendable {
    /// One array.
    public struct Difference: Sendable, Equatable {
        public let name: String
        /// The largest of the numbers' absolute differences; nil where the shapes differ, or one number is not defined
        /// where the other is.
        public let largest: Double?
    }

    /// Where models and images may be.
    public struct Places: Sendable {
        /// Checkpoints, or folders of them; found by their SHA-256.
        public var models: [String] = []
        /// Images, or folders of them; found by their SHA-256.
        public var images: [String] = []
        public var options = LoadOptions()

        public init() {}
    }

    public let id: String
    /// Whether the same build asked the same question of the same bytes.
    public let isSameQuestion: Bool
    public let differences: [Difference]

    /// The largest of all; nil where one is not defined.
    public var largest: Double? {
        let all = differences.map(\.largest)
        return all.contains(nil) ? nil : all.compactMap(\.self).max()
    }

    /// As JSON has it.
    public var value: JSONValue {
        .object([
            .init("analysis_id", .string(id)), .init("same_question", .bool(isSameQuestion)),
            .init("largest_difference", largest.map(JSONValue.double) ?? .null),
            .init(
                "arrays",
                .list(
                    differences.map {
                        .object([
                            .init("name", .string($0.name)),
                            .init("largest_difference", $0.largest.map(JSONValue.double) ?? .null),
                        ])
                    })),
        ])
    }

    /// Finds what the manifest names, computes, and compares.
    ///
    /// - Parameters:
    ///   - manifest: as `GET /v1/analyses/{id}/manifest` answers it.
    ///   - threads: nil for those of the manifest.
    /// - Throws: `unreadable` for a manifest that is none, `notFound` for a model or image that is in none of the
    ///   places.
    public static func run(
        _ manifest: [UInt8], _ places: Places, threads: Int? = nil, codeVersion: String
    ) async throws(ServiceError) -> Verification {
        let value: JSONValue
        do { value = try JSONValue.parse(manifest) } catch {
            throw .unreadable("The manifest is not JSON: \(error).")
        }
        guard let version = value["manifest"]?.int, (1...Manifest.version).contains(version),
            let id = value["analysis_id"]?.string,
            let kind = value["analysis"]?.string.flatMap({ AnalysisKinds.standard[$0] }),
            let models = value["models"]?.list,
            let images = value["images"]?.list, let expected = value["results"]?.object
        else {
            throw .unreadable(
                "This is no manifest of an analysis. GET /v1/analyses/ID/manifest answers one; a comparison is verified "
                    + "part by part.")
        }
        let analysis = StandaloneAnalysis(
            threads: threads ?? value["threads"]?.int.map { max(1, min($0, 1024)) } ?? 1, codeVersion: codeVersion)
        var loaded: [NamedModel] = []
        for model in models { loaded.append(try await Self.model(model, places, analysis)) }
        let parameters = (value["parameters"]?.list ?? []).compactMap { parameter -> AnalysisParameter? in
            guard let name = parameter["name"]?.string, let text = parameter["value"]?.string else { return nil }
            return AnalysisParameter(name, text)
        }
        let prepared = try analysis.prepare(kind, loaded, try sources(images, places), parameters)
        let result = try await analysis.run(prepared)
        let found = Dictionary(result.allArrays.map { ($0.name, $0.array) }, uniquingKeysWith: { first, _ in first })
        return Verification(
            id: id, isSameQuestion: prepared.id == id,
            differences: expected.map { wanted in
                Difference(
                    name: wanted.name,
                    largest: found[wanted.name].flatMap { largest($0, wanted.value, version: version) })
            })
    }

    private static func model(
        _ value: JSONValue, _ places: Places, _ analysis: StandaloneAnalysis
    ) async throws(ServiceError) -> NamedModel {
        let wanted = value["sha256"]?.string ?? "", name = value["name"]?.string ?? ""
        var options = places.options
        if options[.precision] == nil { options[.precision] = value["precision"] }
        for path in places.models {
            let entries = (try? Folder.entries(path))?.filter { !$0.isFolder }.map { path + "/" + $0.name } ?? []
            for file in [path] + entries {
                let place = CheckpointPlace(path: file)
                guard let checkpoint = try? Checkpoint.open(place.name, beneath: place.directory),
                    checkpoint.digest() == wanted
                else { continue }
                return NamedModel(name: name, model: try await analysis.load(file, options).model)
            }
        }
        throw .notFound(.file, name: "\(name) (SHA-256 \(wanted.shortened))", nearest: [])
    }

    private static func sources(_ images: [JSONValue], _ places: Places) throws(ServiceError) -> [ImageSource] {
        let known = try places.images.isEmpty ? [] : StandaloneAnalysis.sources(places.images)
        let files = Dictionary(known.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
        var sources: [ImageSource] = []
        for image in images {
            let ref = image["ref"]?.string ?? "", sha256 = image["sha256"]?.string ?? ""
            if let file = files[sha256] {
                sources.append(file)
            } else if ref.hasPrefix(ShapesTextures.name + ":"),
                let drawn = try StandaloneAnalysis.sources([ref]).first, drawn.sha256 == sha256
            {
                sources.append(drawn)
            } else {
                throw .notFound(.file, name: "\(ref.shortened) (SHA-256 \(sha256.shortened))", nearest: [])
            }
        }
        return sources
    }

    /// Nil where the numbers cannot be told apart one by one and are not the same.
    private static func largest(_ array: NamedArray, _ wanted: JSONValue, version: Int) -> Double? {
        guard wanted["shape"]?.list?.compactMap(\.int) == array.shape else { return nil }
        guard let expected = wanted["values"]?.list else {
            return version == Manifest.version && wanted["sha256"]?.string == Manifest.digest(array) ? 0 : nil
        }
        var largest = 0.0
        for (found, wanted) in zip(array.doubles, expected) {
            guard let wanted = wanted.double else {
                if found.isFinite { return nil }
                continue
            }
            guard found.isFinite else { return nil }
            largest = max(largest, abs(found - wanted))
        }
        return largest
    }
}
