public import Catalogue
import Images
import JSON
import Platform

/// Analyses of a checkpoint on images of one's own, without a server: what `vitscope analyze` does.
///
/// A class because threads and caches have an identity.
public final class StandaloneAnalysis: Sendable {
    private let engine: AnalysisEngine

    /// - Parameter threads: that compute.
    public init(
        threads: Int, limits: ServiceLimits = ServiceLimits(), codeVersion: String = "1",
        kinds: AnalysisKinds = .standard
    ) {
        engine = AnalysisEngine(threads: threads, limits: limits, codeVersion: codeVersion, kinds: kinds)
    }

    /// Computes what the HTTP call of the same name answers.
    ///
    /// - Parameters:
    ///   - models: checkpoints: one, or for CKA one or two.
    ///   - images: images, and folders of them.
    ///   - format: the form it is wanted in, so that an answer too large for it is refused before it is computed.
    /// - Throws: `notFound`, `unreadable`, `invalid`, `tooLarge`.
    public func run(
        _ kind: AnalysisKind, models: [String], images: [String], parameters: [AnalysisParameter],
        options: LoadOptions = LoadOptions(), format: ResultFormat? = nil
    ) async throws(ServiceError) -> AnalysisResult {
        guard !models.isEmpty, models.count <= kind.spec.models else {
            throw .invalid(
                "/model", kind.spec.comparesTwo ? "\(kind.name) compares one or two models." : "Name one model.")
        }
        var loaded: [NamedModel] = []
        for path in models { loaded.append(try await load(path, options)) }
        let sources = kind.spec.images == .nothing ? [] : try Self.sources(images)
        let prepared = try prepare(kind, loaded, sources, parameters)
        if let format { try prepared.check(format) }
        return try await ServiceError.wrapping { try await self.engine.run(prepared) }
    }

    /// Every metric of two or more checkpoints on the same images.
    ///
    /// - Parameters:
    ///   - metrics: names of kinds; none for the usual ones.
    /// - Throws: as `run`.
    public func compare(
        models: [String], images: [String], metrics: [String] = [],
        options: LoadOptions = LoadOptions()
    ) async throws(ServiceError) -> Comparison {
        guard models.count > 1 else { throw .invalid("/models", "Name two or more models.") }
        var kinds: [AnalysisKind] = []
        for name in metrics {
            guard let kind = engine.reader.kinds[name], kind.spec.isComparable else {
                let advice = AnalysisKinds.advice(on: name, among: engine.reader.kinds.comparable)
                throw .invalid("/metrics", "“\(name.shortened)” is not compared. \(advice)")
            }
            kinds.append(kind)
        }
        if kinds.isEmpty { kinds = engine.reader.kinds.usuallyCompared }
        var loaded: [NamedModel] = []
        for path in models { loaded.append(try await load(path, options)) }
        let sources = try Self.sources(images)
        var found: [Comparison.Metric] = []
        for kind in kinds {
            var parts: [Comparison.Part] = []
            for group in Self.groups(loaded, inPairs: kind.spec.comparesTwo) {
                let prepared = try prepare(kind, group, sources, [])
                let result = try await ServiceError.wrapping { try await self.engine.run(prepared) }
                parts.append(Comparison.Part(models: group.map(\.name), result: result))
            }
            found.append(Comparison.Metric(kind: kind, parts: parts))
        }
        return Comparison(metrics: found)
    }

    private static func groups(_ models: [NamedModel], inPairs: Bool) -> [[NamedModel]] {
        guard inPairs else { return models.map { [$0] } }
        return models.indices.flatMap { first in
            models.indices.filter { $0 > first }.map { [models[first], models[$0]] }
        }
    }

    /// - Parameter sources: in order.
    package func prepare(
        _ kind: AnalysisKind, _ models: [NamedModel], _ sources: [ImageSource], _ parameters: [AnalysisParameter]
    ) throws(ServiceError) -> PreparedAnalysis {
        try engine.reader.prepare(kind, parameters, models, AnalysisImages(sources: sources, probeSet: nil))
    }

    /// Finds or computes.
    package func run(_ analysis: PreparedAnalysis) async throws(ServiceError) -> AnalysisResult {
        try await ServiceError.wrapping { try await self.engine.run(analysis) }
    }

    /// A result in a form.
    ///
    /// - Throws: `invalid` or `tooLarge` where the result does not go into the form.
    public func encode(
        _ result: AnalysisResult, as format: ResultFormat, options: EncodingOptions = EncodingOptions()
    ) async throws(ServiceError) -> EncodedResult {
        try await ServiceError.wrapping { try await self.engine.encode(result, as: format, options: options) }
    }

    package func load(_ path: String, _ options: LoadOptions) async throws(ServiceError) -> NamedModel {
        let place = CheckpointPlace(path: path)
        try options.check()
        guard Folder.exists(path) else { throw try Self.missing(place) }
        return try await ServiceError.wrapping {
            do {
                return NamedModel(
                    name: place.name,
                    model: try await self.engine.encodingThread.run { [engine = self.engine] in
                        try engine.load(place, options)
                    })
            } catch let failure as LoadFailure {
                throw ServiceError.unreadable("\(place.name): \(failure.sentence)")
            }
        }
    }

    private static func missing(_ place: CheckpointPlace) throws(ServiceError) -> ServiceError {
        let known = (try? Folder.entries(place.directory).map(\.name)) ?? []
        return .notFound(.file, name: place.name, nearest: NearestNames.of(place.name, among: known))
    }

    /// Images as they are named, folders in ImageFolder's order, and `shapes-textures:FIRST-LAST` for built-in ones.
    package static func sources(_ paths: [String]) throws(ServiceError) -> [ImageSource] {
        var sources: [ImageSource] = []
        for path in paths {
            if let drawn = try builtIn(path) {
                sources += drawn
                continue
            }
            guard Folder.exists(path) else { throw try missing(CheckpointPlace(path: path)) }
            do {
                if (try? Folder.entries(path)) != nil {
                    let folder = try ImageFolder(path)
                    for index in folder.entries.indices {
                        sources.append(
                            ImageSource(
                                ref: path + "/" + folder.entries[index].path,
                                sha256: SHA256.hex(of: try folder.bytes(at: index)),
                                origin: .image(index, of: folder)))
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
        guard !sources.isEmpty else { throw .invalid("/image", "Name images, or folders of them.") }
        return sources
    }

    /// The drawn images that `text` names; nil for a text that names none.
    private static func builtIn(_ text: String) throws(ServiceError) -> [ImageSource]? {
        guard let dataset = BuiltInDataset.standard.first(where: { text == $0.name || text.hasPrefix($0.name + ":") })
        else { return nil }
        let selection =
            text == dataset.name ? IndexSelection.all : IndexSelection(String(text.dropFirst(dataset.name.count + 1)))
        guard case .success(let indices)? = selection?.resolved(count: dataset.count, noun: "image") else {
            throw .invalid(
                "/image", "“\(text.shortened)” names no images: write \(dataset.name):0-31; it has \(dataset.count).")
        }
        return indices.map {
            ImageSource(
                ref: "\(dataset.name):\($0)", sha256: dataset.sha256(of: $0), origin: .builtIn(dataset, index: $0))
        }
    }
}
