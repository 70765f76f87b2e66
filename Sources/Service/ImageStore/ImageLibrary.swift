/// Finds images by what users call them: `sha256:…` or `DATASET:INDEX`.
struct ImageLibrary: Sendable {
    let store: ImageStore
    let datasets: DatasetCatalogue

    /// - Throws: `ServiceError.notFound`, or `invalid` for what is no reference at all.
    func source(_ ref: String) async throws -> ImageSource {
        guard let colon = ref.lastIndex(of: ":"), colon != ref.startIndex else { throw Self.noReference(ref) }
        let (name, rest) = (String(ref[..<colon]), String(ref[ref.index(after: colon)...]))
        if name == "sha256" {
            guard let source = store.source(sha256: rest.lowercased()) else {
                throw ServiceError.notFound(
                    .image, name: ref.shortened(to: 80),
                    nearest: NearestNames.of(ref, among: store.references(), count: 1))
            }
            return source
        }
        guard let index = Int(rest), index >= 0, index < 1 << 40 else { throw Self.noReference(ref) }
        return try await datasets.source(name, index: index)
    }

    /// The images of a probe set, as they were when it was frozen.
    ///
    /// - Throws: `ServiceError.conflict` where the dataset has lost some of them.
    func sources(_ probeSet: ProbeSet) async throws -> [ImageSource] {
        var dataset = try await datasets.dataset(probeSet.dataset)
        let indices = probeSet.images.compactMap { ref in
            ref.lastIndex(of: ":").flatMap { Int(ref[ref.index(after: $0)...]) }
        }
        if let last = indices.max(), last >= dataset.count {
            dataset = try await datasets.dataset(probeSet.dataset, fresh: true)
        }
        guard indices.count == probeSet.images.count, indices.allSatisfy({ $0 >= 0 && $0 < dataset.count }) else {
            throw ServiceError.conflict(
                "The dataset “\(probeSet.dataset)” has fewer images "
                    + "than when the probe set “\(probeSet.name)” was made."
            )
        }
        // The digests are those of the probe set: a file that has changed since is noticed when it is read.
        return zip(indices, zip(probeSet.images, probeSet.digests)).map { index, names in
            let origin: ImageSource.Origin =
                switch dataset {
                case .folder(let folder): .folder(folder, index: index)
                case .builtIn(let dataset): .builtIn(dataset, index: index)
                }
            return ImageSource(ref: names.0, sha256: names.1, origin: origin)
        }
    }

    private static func noReference(_ ref: String) -> ServiceError {
        .invalid(
            "/image",
            "“\(ref.shortened(to: 80))” names no image: write sha256:DIGEST as an upload answers it, or DATASET:INDEX.")
    }
}
