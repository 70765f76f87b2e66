import Images
import Platform

/// Analyses of a checkpoint on pictures of one's own, without a server: what `vitscope analyze` does.
///
/// A class because threads and caches have an identity.
public final class StandaloneAnalysis: Sendable {
    private let engine: AnalysisEngine

    /// - Parameter threads: that compute.
    public init(threads: Int, limits: ServiceLimits = ServiceLimits(), codeVersion: String = "1") {
        engine = AnalysisEngine(threads: threads, limits: limits, codeVersion: codeVersion)
    }

    /// Computes what the HTTP call of the same name answers.
    ///
    /// - Parameters:
    ///   - models: checkpoints: one, or for CKA one or two.
    ///   - images: pictures, and folders of them.
    ///   - format: the form it is wanted in, so that an answer too large for it is refused before it is computed.
    /// - Throws: `notFound`, `unreadable`, `invalid`, `tooLarge`.
    public func run(
        _ kind: AnalysisKind, models: [String], images: [String], parameters: [AnalysisParameter],
        options: Inspection.Options = Inspection.Options(), format: ResultFormat? = nil
    ) async throws(ServiceError) -> AnalysisResult {
        var reader = ParameterReader(
            parameters, known: kind.parameters.filter { !["image", "probe_set", "a", "b"].contains($0) })
        guard !models.isEmpty, models.count <= (kind.comparesTwo ? 2 : 1) else {
            throw .invalid("/model", kind.comparesTwo ? "\(kind.rawValue) compares one or two models." : "Name one model.")
        }
        var loaded: [NamedModel] = []
        for path in models { loaded.append(try await load(path, options)) }
        let sources = try Self.sources(images)
        let task = AnalysisTasks.read(kind, &reader, loaded, images: sources.count)
        try reader.check()
        guard let task else { throw .internalFault("no task for \(kind.rawValue)") }
        let prepared = engine.prepare(kind, task, images: AnalysisImages(sources: sources, probeSet: nil))
        if let format { try prepared.check(format) }
        return try await translated { try await self.engine.run(prepared) }
    }

    /// A result in a form.
    ///
    /// - Throws: `invalid` or `tooLarge` where the result does not go into the form.
    public func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions = EncodingOptions()
    ) async throws(ServiceError) -> EncodedResult {
        try await translated { try await self.engine.encode(result, as: format, options: options) }
    }

    private func load(_ path: String, _ options: Inspection.Options) async throws(ServiceError) -> NamedModel {
        let place = CheckpointPlace(path: path)
        guard Folder.exists(path) else { throw try Self.missing(place) }
        return try await translated {
            do {
                return NamedModel(
                    name: place.name,
                    model: try await self.engine.media.run { try ModelLoader.load(place, options.loader) })
            } catch let failure as LoadFailure {
                throw ServiceError.unreadable("\(place.name): \(failure.sentence)")
            }
        }
    }

    private static func missing(_ place: CheckpointPlace) throws(ServiceError) -> ServiceError {
        let known = (try? Folder.entries(place.directory).map(\.name)) ?? []
        return .notFound(.file, name: place.name, nearest: NearestNames.of(place.name, among: known))
    }

    /// Pictures as they are named, folders in ImageFolder's order.
    private static func sources(_ paths: [String]) throws(ServiceError) -> [ImageSource] {
        var sources: [ImageSource] = []
        for path in paths {
            guard Folder.exists(path) else { throw try missing(CheckpointPlace(path: path)) }
            do {
                if (try? Folder.entries(path)) != nil {
                    let folder = try ImageFolder(path)
                    for index in folder.entries.indices {
                        sources.append(
                            ImageSource(
                                ref: path + "/" + folder.entries[index].path,
                                sha256: SHA256.hex(of: try folder.bytes(at: index)),
                                origin: .folder(folder, index: index)))
                    }
                } else {
                    sources.append(
                        ImageSource(
                            ref: path, sha256: SHA256.hex(of: try MappedFile.open(path)), origin: .file(path: path)))
                }
            } catch {
                throw .unreadable(ServiceError.sentence("\(error)"))
            }
        }
        guard !sources.isEmpty else { throw .invalid("/image", "Name pictures, or folders of them.") }
        return sources
    }

    private func translated<R>(_ body: () async throws -> R) async throws(ServiceError) -> R {
        do { return try await body() } catch { throw ServiceError(error) }
    }
}
