import Images
import JSON
import Platform

/// Finds images by what users call them: `sha256:…` or `DATASET:INDEX`.
package struct ImageLibrary: Sendable {
    package let store: ImageStore
    package let datasets: DatasetCatalogue

    package init(store: ImageStore, datasets: DatasetCatalogue) {
        self.store = store
        self.datasets = datasets
    }

    /// - Throws: `ServiceError.notFound`, or `invalid` for what is no reference at all.
    package func source(_ ref: String) async throws -> ImageSource {
        guard let colon = ref.lastIndex(of: ":"), colon != ref.startIndex else { throw Self.noReference(ref) }
        let (name, rest) = (String(ref[..<colon]), String(ref[ref.index(after: colon)...]))
        if name == "sha256" {
            guard Digest.isValid(rest.lowercased()) else {
                throw ServiceError.invalid(
                    "/image",
                    "“\(ref.shortened(to: 80))” is malformed: after sha256: come 64 hexadecimal digits. "
                        + "POST /v1/images gives one.")
            }
            guard let source = try await store.source(sha256: rest.lowercased()) else {
                throw ServiceError.notFound(
                    .image, name: ref.shortened(to: 80),
                    nearest: NearestNames.of(ref, among: store.references(), count: 1))
            }
            return source
        }
        guard let index = Int(rest), index >= 0, index < 1 << 40 else { throw Self.noReference(ref) }
        return try await datasets.source(name, index: index)
    }

    /// The images of a probe set, the same files wherever the dataset counts them now.
    ///
    /// - Throws: `ServiceError.conflict` where the dataset has gone, or has lost some of them.
    package func sources(_ probeSet: ProbeSet) async throws -> [ImageSource] {
        let dataset = try await dataset(of: probeSet)
        if case .found(let indices) = Self.indices(of: probeSet, dataset) {
            return Self.sources(probeSet, dataset, indices)
        }
        // Files may have come back since the folder was listed.
        let fresh = try await self.dataset(of: probeSet, fresh: true)
        switch Self.indices(of: probeSet, fresh) {
        case .found(let indices): return Self.sources(probeSet, fresh, indices)
        case .lost(let name):
            throw ServiceError.conflict(
                "The dataset “\(probeSet.dataset)” no longer has “\(name.shortened(to: 80))” "
                    + "of the probe set “\(probeSet.name)”. Put it back, or make a new probe set.")
        }
    }

    /// `probeSet` with its images called as the dataset numbers them now, or as it was where they are not there.
    package func current(_ probeSet: ProbeSet) async -> ProbeSet {
        guard let sources = try? await sources(probeSet) else { return probeSet }
        return probeSet.named(sources.map(\.ref))
    }

    private enum Indices {
        case found([Int])
        case lost(String)
    }

    private func dataset(of probeSet: ProbeSet, fresh: Bool = false) async throws -> DatasetCatalogue.Dataset {
        do {
            let dataset = try await datasets.dataset(probeSet.dataset, fresh: fresh)
            if case .unreadable = dataset { try dataset.checkHasImages(probeSet.dataset) }
            return dataset
        } catch let error as ServiceError where error.isNotFound {
            throw ServiceError.conflict(
                "The dataset “\(probeSet.dataset)” of the probe set “\(probeSet.name)” is no longer there. "
                    + "Put its folder back, or make a new probe set.")
        }
    }

    private static func indices(of probeSet: ProbeSet, _ dataset: DatasetCatalogue.Dataset) -> Indices {
        if let paths = probeSet.paths, case .folder(let folder) = dataset {
            let places = Dictionary(
                folder.entries.enumerated().map { ($1.path, $0) }, uniquingKeysWith: { first, _ in first })
            var indices: [Int] = []
            for path in paths {
                guard let index = places[path] else { return .lost(path) }
                indices.append(index)
            }
            return .found(indices)
        }
        var indices: [Int] = []
        for ref in probeSet.images {
            guard let index = ref.lastIndex(of: ":").flatMap({ Int(ref[ref.index(after: $0)...]) }),
                index >= 0, index < dataset.count
            else { return .lost(ref) }
            indices.append(index)
        }
        return .found(indices)
    }

    private static func sources(
        _ probeSet: ProbeSet, _ dataset: DatasetCatalogue.Dataset, _ indices: [Int]
    ) -> [ImageSource] {
        // The digests are those of the probe set: a file that has changed since is noticed when it is read.
        zip(indices, probeSet.digests).compactMap { index, digest in
            let origin: ImageSource.Origin
            switch dataset {
            case .folder(let folder): origin = .image(index, of: folder)
            case .builtIn(let dataset): origin = .builtIn(dataset, index: index)
            case .splits, .unreadable: return nil
            }
            return ImageSource(ref: "\(probeSet.dataset):\(index)", sha256: digest, origin: origin)
        }
    }

    private static func noReference(_ ref: String) -> ServiceError {
        .invalid(
            "/image",
            "“\(ref.shortened(to: 80))” names no image: write sha256:DIGEST as an upload answers it, or DATASET:INDEX.")
    }
}
