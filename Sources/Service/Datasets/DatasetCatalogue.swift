import Images
import Platform

/// The datasets there are: folders, and the built-in ones.
///
/// An actor because it remembers listings. Folders are listed on a thread of their own, because a large one takes long.
actor DatasetCatalogue {
    /// A dataset with its list of images.
    enum Dataset: Sendable {
        case folder(ImageFolder)
        case builtIn(BuiltInDataset)

        var count: Int {
            switch self {
            case .folder(let folder): folder.count
            case .builtIn(let dataset): dataset.count
            }
        }

        var classes: [String] {
            switch self {
            case .folder(let folder): folder.classes
            case .builtIn(let dataset): dataset.classes
            }
        }

        var isBuiltIn: Bool {
            if case .builtIn = self { return true }
            return false
        }

        /// The class of image `index`; nil without classes.
        func label(of index: Int) -> Int? {
            switch self {
            case .folder(let folder): folder.entries[index].label
            case .builtIn(let dataset): dataset.label(of: index)
            }
        }

        /// What image `index` is called.
        func file(of index: Int) -> String {
            switch self {
            case .folder(let folder): folder.entries[index].path
            case .builtIn(let dataset): dataset.description(of: index)
            }
        }
    }

    private let directory: String?
    private let builtIn: [BuiltInDataset]
    private let thread = WorkerThread()
    private var listings: [String: (folder: ImageFolder, at: ContinuousClock.Instant)] = [:]
    /// Listing a large folder takes longer than answering, so a listing serves all questions of a moment.
    private static let moment = Duration.seconds(1)
    /// Of drawn images, because drawing one takes longer than answering from the cache.
    private var drawnDigests: [BuiltInDataset: [Int: String]] = [:]

    init(directory: String?, builtIn: [BuiltInDataset] = BuiltInDataset.standard) {
        self.directory = directory
        self.builtIn = builtIn
    }

    /// Every dataset, folders listed anew; a folder without pictures is none.
    func all() async throws -> [(name: String, dataset: Dataset)] {
        var found: [(name: String, dataset: Dataset)] = builtIn.map { ($0.name, .builtIn($0)) }
        for name in folderNames() where !builtIn.contains(where: { $0.name == name }) {
            if let folder = try await list(name) { found.append((name, .folder(folder))) }
        }
        return found
    }

    /// The dataset called `name`.
    ///
    /// - Parameter fresh: whether a folder is listed anew.
    /// - Throws: `ServiceError.notFound` with the names most like it.
    func dataset(_ name: String, fresh: Bool = false) async throws -> Dataset {
        if let dataset = builtIn.first(where: { $0.name == name }) { return .builtIn(dataset) }
        if !fresh, let listing = listings[name], ContinuousClock.now - listing.at < Self.moment {
            return .folder(listing.folder)
        }
        if folderNames().contains(name), let folder = try await list(name) { return .folder(folder) }
        throw ServiceError.notFound(
            .dataset, name: name.shortened,
            nearest: NearestNames.of(name, among: builtIn.map(\.name) + folderNames()))
    }

    /// Image `index` of the dataset called `name`, with the digest of its bytes.
    ///
    /// - Throws: `ServiceError.notFound` for either.
    func source(_ name: String, index: Int) async throws -> ImageSource {
        var dataset = try await dataset(name)
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
                        ref: ref, sha256: SHA256.hex(of: try folder.bytes(at: index)),
                        origin: .folder(folder, index: index))
                case .builtIn(let dataset):
                    return ImageSource(
                        ref: ref, sha256: known[index] ?? dataset.sha256(of: index),
                        origin: .builtIn(dataset, index: index))
                }
            }
        }
        if case .builtIn(let drawn) = dataset {
            for (index, source) in zip(indices, sources) { drawnDigests[drawn, default: [:]][index] = source.sha256 }
        }
        return sources
    }

    private func folderNames() -> [String] {
        guard let directory, let entries = try? Folder.entries(directory) else { return [] }
        return entries.filter { $0.isFolder && ResourceName.isValid($0.name) }.map(\.name)
    }

    /// Nil where the folder holds no picture.
    private func list(_ name: String) async throws -> ImageFolder? {
        guard let directory else { return nil }
        let folder: ImageFolder?
        do {
            folder = try await thread.run { try ImageFolder("\(directory)/\(name)") }
        } catch ImageError.noImages {
            folder = nil
        } catch ImageError.file(let error) where error.isMissing {
            folder = nil
        }
        listings[name] = folder.map { ($0, ContinuousClock.now) }
        return folder
    }
}
