package import Images
import JSON
import Platform

/// The datasets there are: folders, and the built-in ones.
///
/// An actor because it remembers listings. Folders are listed on a thread of their own, because a large one takes long.
package actor DatasetCatalogue {
    /// A dataset with its list of images.
    package enum Dataset: Sendable {
        case folder(ImageFolder)
        case builtIn(BuiltInDataset)
        /// A folder without images of its own, with its splits' names.
        case splits([String])
        /// A folder that cannot be read, with a sentence that says why.
        case unreadable(String)

        package var count: Int {
            switch self {
            case .folder(let folder): folder.count
            case .builtIn(let dataset): dataset.count
            case .splits, .unreadable: 0
            }
        }

        package var classes: [String] {
            switch self {
            case .folder(let folder): folder.classes
            case .builtIn(let dataset): dataset.classes
            case .splits, .unreadable: []
            }
        }

        var isBuiltIn: Bool {
            if case .builtIn = self { return true }
            return false
        }

        /// The class of image `index`; nil without classes.
        package func label(of index: Int) -> Int? {
            switch self {
            case .folder(let folder): folder.entries[index].label
            case .builtIn(let dataset): dataset.label(of: index)
            case .splits, .unreadable: nil
            }
        }

        /// What image `index` is called.
        package func file(of index: Int) -> String {
            switch self {
            case .folder(let folder): folder.entries[index].path
            case .builtIn(let dataset): dataset.description(of: index)
            case .splits, .unreadable: ""
            }
        }

        /// Refuses a folder without images.
        ///
        /// - Throws: `ServiceError.invalid` naming the splits, `conflict` for a folder that cannot be read.
        package func checkHasImages(_ name: String) throws(ServiceError) {
            switch self {
            case .folder, .builtIn: return
            case .splits(let splits):
                throw .invalid(
                    "/dataset",
                    "The dataset “\(name)” has no images of its own but splits: name "
                        + splits.map { "“\(name)/\($0)”" }.joined(separator: " or ") + ".")
            case .unreadable(let reason): throw .conflict("The dataset “\(name)” cannot be read: \(reason)")
            }
        }
    }

    private let directory: String?
    private let builtIn: [BuiltInDataset]
    private let thread = WorkerThread()
    private var listings: [String: (dataset: Dataset, at: ContinuousClock.Instant)] = [:]
    /// Listing a large folder takes longer than answering, so a listing serves all questions of a moment.
    private static let moment = Duration.seconds(1)
    /// Digests of drawn images, because drawing one takes longer than answering from the cache.
    private var drawnDigests: [BuiltInDataset: [Int: String]] = [:]

    package init(directory: String?, builtIn: [BuiltInDataset] = BuiltInDataset.standard) {
        self.directory = directory
        self.builtIn = builtIn
    }

    /// Every dataset, folders listed anew, each with its splits behind it; a folder without images is none.
    package func all() async throws -> [(name: String, dataset: Dataset)] {
        var found: [(name: String, dataset: Dataset)] = builtIn.map { ($0.name, .builtIn($0)) }
        for name in folderNames() where !builtIn.contains(where: { $0.name == name }) {
            guard let dataset = try await list(name) else { continue }
            found.append((name, dataset))
            guard case .splits(let splits) = dataset else { continue }
            for split in splits {
                if let part = try await list("\(name)/\(split)") { found.append(("\(name)/\(split)", part)) }
            }
        }
        return found
    }

    /// The links in the datasets directory: they are not followed.
    package func links() -> [String] {
        guard let directory, let entries = try? ContainedFile.entries(".", beneath: directory) else { return [] }
        return entries.filter { $0.kind == .link && ResourceName.isValid($0.name) }.map(\.name)
    }

    /// The dataset called `name`.
    ///
    /// - Parameter fresh: whether a folder is listed anew.
    /// - Throws: `ServiceError.notFound` with the names most like it.
    package func dataset(_ name: String, fresh: Bool = false) async throws -> Dataset {
        if let dataset = builtIn.first(where: { $0.name == name }) { return .builtIn(dataset) }
        if !fresh, let listing = listings[name], ContinuousClock.now - listing.at < Self.moment {
            return listing.dataset
        }
        let names = folderNames()
        let parts = DatasetName.parts(name) ?? []
        if let first = parts.first, names.contains(first), let dataset = try await list(name) { return dataset }
        if let first = parts.first, links().contains(first) {
            throw ServiceError.conflict(
                "“\(first.shortened)” is a link in the datasets directory, and links are not followed. Put the folder "
                    + "itself there, or start the server with --datasets where it lies.")
        }
        var known = builtIn.map(\.name) + names
        if parts.count == 2, case .splits(let splits)? = try await list(parts[0]) {
            known = splits.map { "\(parts[0])/\($0)" }
        }
        throw ServiceError.notFound(
            .dataset, name: name.shortened, nearest: NearestNames.of(name, among: known))
    }

    /// Image `index` of the dataset called `name`, with the digest of its bytes.
    ///
    /// - Throws: `ServiceError.notFound` for either.
    func source(_ name: String, index: Int) async throws -> ImageSource {
        var dataset = try await dataset(name)
        try dataset.checkHasImages(name)
        // Files may have come since the folder was listed.
        if index >= dataset.count { dataset = try await self.dataset(name, fresh: true) }
        guard index >= 0, index < dataset.count else { throw Self.noImage(name, index, dataset) }
        do {
            return try await sources(name, dataset, indices: [index])[0]
        } catch ImageError.file(let error) where error.isMissing {
            // The file went after the folder was listed: the index means what the folder holds now.
            dataset = try await self.dataset(name, fresh: true)
        }
        guard index < dataset.count else { throw Self.noImage(name, index, dataset) }
        do {
            return try await sources(name, dataset, indices: [index])[0]
        } catch ImageError.file(let error) where error.isMissing {
            throw ServiceError.notFound(.image, name: "\(name):\(index)", nearest: [])
        }
    }

    private static func noImage(_ name: String, _ index: Int, _ dataset: Dataset) -> ServiceError {
        .notFound(.image, name: "\(name):\(index)", nearest: ["\(name):0", "\(name):\(dataset.count - 1)"])
    }

    /// The images at `indices`, each with the digest of its bytes.
    func sources(_ name: String, _ dataset: Dataset, indices: [Int]) async throws -> [ImageSource] {
        var known: [Int: String] = [:]
        if case .builtIn(let drawn) = dataset { known = drawnDigests[drawn] ?? [:] }
        let sources = try await thread.run { [known] in
            try indices.map { index in
                let ref = "\(name):\(index)"
                switch dataset {
                case .folder(let folder):
                    return ImageSource(
                        ref: ref, sha256: SHA256.hex(of: try Self.bytes(folder, index, ref)),
                        origin: .image(index, of: folder))
                case .builtIn(let dataset):
                    return ImageSource(
                        ref: ref, sha256: known[index] ?? dataset.sha256(of: index),
                        origin: .builtIn(dataset, index: index))
                case .splits, .unreadable:
                    throw ServiceError.notFound(.image, name: ref, nearest: [])
                }
            }
        }
        if case .builtIn(let drawn) = dataset {
            for (index, source) in zip(indices, sources) { drawnDigests[drawn, default: [:]][index] = source.sha256 }
        }
        return sources
    }

    /// The bytes of an image.
    ///
    /// - Throws: `ImageError.file` for one that has gone, `ServiceError.conflict` for one that cannot be read.
    private static func bytes(_ folder: ImageFolder, _ index: Int, _ ref: String) throws -> Bytes {
        do throws(ImageError) { return try folder.bytes(at: index) } catch {
            if case .file(let cause) = error, !cause.isMissing, !cause.isDiskFull {
                throw ServiceError.conflict("The image “\(ref)” cannot be used: \(ServiceError.sentence("\(cause)"))")
            }
            throw error
        }
    }

    private func folderNames() -> [String] {
        guard let directory, let entries = try? ContainedFile.entries(".", beneath: directory) else { return [] }
        return entries.filter { $0.kind == .folder && ResourceName.isValid($0.name) }.map(\.name)
    }

    /// Nil where the folder holds no image.
    private func list(_ name: String) async throws -> Dataset? {
        guard let directory else { return nil }
        let dataset: Dataset? = try await thread.run {
            do throws(ImageError) {
                return .folder(try DatasetName.folder(name, beneath: directory))
            } catch {
                switch error {
                case .noImages: return nil
                case .file(let cause) where cause.isMissing: return nil
                case .hasSplits(_, let splits): return .splits(splits)
                default: return .unreadable(ServiceError.sentence("\(error)"))
                }
            }
        }
        listings[name] = dataset.map { ($0, ContinuousClock.now) }
        return dataset
    }
}
