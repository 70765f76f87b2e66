public import Catalogue
import Engine
import Images
public import JSON
import Platform

extension ViTScopeService {
    /// Takes an image in one of the formats that are read.
    ///
    /// - Throws: `unsupportedMedia` for other bytes, `unreadable` for torn ones, `tooLarge`, `diskFull`.
    public func addImage(_ bytes: [UInt8]) async throws(ServiceError) -> StoredImage {
        try await perform {
            try await library.store.add(bytes)
        }
    }

    /// The bytes behind `sha256:…` or `DATASET:INDEX` as they came.
    public func originalImage(_ ref: String) async throws(ServiceError) -> EncodedFile {
        try await perform {
            let source = try await library.source(ref)
            return try await readingThread.run {
                let file = try source.file()
                return EncodedFile(bytes: file.bytes.array, mediaType: file.mediaType)
            }
        }
    }

    /// The pixels that a model sees, before mean and std, as PNG.
    ///
    /// - Parameters:
    ///   - model: whose transform; nil for the default one.
    ///   - size: the input side, pixels; nil for the model's own, or 224.
    public func modelView(
        _ ref: String, model: String? = nil, size: Int? = nil
    ) async throws(ServiceError) -> EncodedFile {
        if let size, !(16...4096).contains(size) { throw .invalid("/size", "size is a side from 16 to 4096 pixels.") }
        return try await perform {
            let own = try await transform(of: model)
            let transform = EvaluationTransform(
                height: size ?? own.height, width: size ?? own.width, preprocess: own.preprocess)
            let source = try await library.source(ref)
            return EncodedFile(bytes: try await computing.view(of: source, transform), mediaType: "image/png")
        }
    }

    private func transform(of model: String?) async throws -> EvaluationTransform {
        guard let model else { return EvaluationTransform(height: 224, width: 224) }
        return try await catalogue.loaded(try await openName(model)).model.transform
    }

    /// The datasets there are, the built-in ones first.
    public func datasets() async throws(ServiceError) -> [DatasetInfo] {
        try await perform {
            try await library.datasets.all().map { DatasetInfo($0.name, $0.dataset) }
        }
    }

    /// Links in the datasets directory, which are not followed.
    public func linkedDatasets() async -> [String] { await library.datasets.links() }

    /// The images of a dataset, in order.
    ///
    /// - Throws: `notFound`, `unreadable` for a page token that is none.
    public func datasetImages(
        _ name: String, pageSize: Int? = nil, pageToken: String? = nil
    ) async throws(ServiceError) -> Page<DatasetImage> {
        try await datasetPage(name, pageSize: pageSize, pageToken: pageToken).images
    }

    /// The images of a dataset, in order, with what is to be known of it.
    ///
    /// - Parameter checks: whether the files of the page are decoded, to tell which cannot be used and what is odd.
    /// - Throws: as `datasetImages`.
    public func datasetPage(
        _ name: String, pageSize: Int? = nil, pageToken: String? = nil, checks: Bool = false
    ) async throws(ServiceError) -> DatasetPage {
        let dataset = try await perform {
            try await library.datasets.dataset(name, fresh: pageToken == nil)
        }
        if case .unreadable = dataset { try dataset.checkHasImages(name) }
        let indices = try Page(
            Array(0..<dataset.count), size: pageSize, token: pageToken, limits: configuration.limits)
        var images = indices.items.map { index in
            let label = dataset.label(of: index)
            return DatasetImage(
                ref: "\(name):\(index)", className: label.map { dataset.classes[$0] } ?? "",
                file: dataset.file(of: index))
        }
        if checks, case .folder(let folder) = dataset {
            let listed = images
            images = try await perform {
                let looks = try await computing.look(at: indices.items.map(folder.file), faults: .max)
                return zip(listed, looks).map { $0.checked($1) }
            }
        }
        return DatasetPage(
            images: Page(items: images, nextPageToken: indices.nextPageToken), dataset: DatasetInfo(name, dataset))
    }

    /// Freezes a probe set. Asking for the same again answers the one that is there.
    ///
    /// - Throws: `invalid`, `notFound` for the dataset, `conflict` for a name that means another set.
    public func createProbeSet(
        _ request: ProbeSetRequest
    ) async throws(ServiceError) -> (probeSet: ProbeSet, isNew: Bool) {
        try await perform {
            let (probeSet, isNew) = try await probeSetStore.create(request)
            return (await library.current(probeSet), isNew)
        }
    }

    /// Everything that is wrong with a request for a probe set, before any image is read.
    public func faults(of request: ProbeSetRequest) async -> [Fault] {
        await probeSetStore.faults(of: request)
    }

    /// The probe sets by name, their images called as their datasets number them now.
    public func probeSets() async -> [ProbeSet] {
        var sets: [ProbeSet] = []
        for probeSet in await probeSetStore.all { sets.append(await library.current(probeSet)) }
        return sets
    }

    /// - Throws: `notFound` with the names most like it.
    public func probeSet(_ name: String) async throws(ServiceError) -> ProbeSet {
        await library.current(try await probeSetStore.probeSet(name))
    }
}
