package import FoundationEssentials
import Images
package import JSON
package import Logging
import Platform
import Tensors

/// The probe sets, kept as one JSON file each. An actor because the list is shared mutable state.
package actor ProbeSetStore {
    private let folder: String
    private let limit: Int
    private let datasets: DatasetCatalogue
    private let now: @Sendable () -> Date
    private let look: ImageLooking
    private var probeSets: [String: ProbeSet] = [:]
    /// Names of those whose files are not what was written.
    private var damaged: Set<String> = []

    /// - Parameters:
    ///   - limit: images of one probe set at the most.
    ///   - look: decodes the images of a new set.
    package init(
        folder: String, limit: Int, datasets: DatasetCatalogue, look: @escaping ImageLooking,
        now: @escaping @Sendable () -> Date
    ) {
        self.folder = folder
        self.limit = limit
        self.datasets = datasets
        self.look = look
        self.now = now
    }

    /// Reads what was kept.
    package func open(logger: Logger) throws {
        try Folder.create(folder)
        for entry in try Folder.entries(folder) where entry.name.hasSuffix(".json") {
            do {
                let text = try MappedFile.open(folder + "/" + entry.name).array
                guard SealedDocument.isWhole(try JSONValue.parse(text)) else {
                    throw ServiceError.unreadable("It is not what was written.")
                }
                let probeSet = try Self.decoder.decode(ProbeSet.self, from: Data(text))
                guard probeSet.isConsistent, entry.name == probeSet.name + ".json" else {
                    throw ServiceError.unreadable("Its digests do not add up.")
                }
                probeSets[probeSet.name] = probeSet
            } catch {
                damaged.insert(String(entry.name.dropLast(5)))
                logger.warning(
                    "A probe set could not be read.", metadata: ["file": "\(entry.name)", "error": "\(error)"])
            }
        }
    }

    /// Every probe set, by name.
    package var all: [ProbeSet] { probeSets.values.sorted { $0.name < $1.name } }

    /// - Throws: `ServiceError.notFound` with the names most like it.
    package func probeSet(_ name: String) throws(ServiceError) -> ProbeSet {
        guard let probeSet = probeSets[name] else {
            if damaged.contains(name) {
                throw .conflict(
                    "The probe set “\(name)” is damaged on the server's disk. Make it again with its dataset, n_images and "
                        + "seed; it has the same images then.")
            }
            throw .notFound(.probeSet, name: name.shortened, nearest: NearestNames.of(name, among: probeSets.keys))
        }
        return probeSet
    }

    /// Chooses the images, takes their digests, and keeps both.
    ///
    /// - Throws: `ServiceError.invalid`, `notFound` for the dataset, `conflict` for a name that means another set.
    package func create(_ request: ProbeSetRequest) async throws -> (probeSet: ProbeSet, isNew: Bool) {
        let own = ownFaults(request)
        if own.isEmpty, let known = try existing(request) { return (known, false) }
        let dataset: DatasetCatalogue.Dataset
        do {
            dataset = try await datasets.dataset(request.dataset, fresh: true)
        } catch let error as ServiceError where error.isNotFound && !own.isEmpty {
            throw ServiceError.invalid(own + [.init(pointer: "/dataset", detail: error.detail)])
        }
        guard own.isEmpty else { throw ServiceError.invalid(own) }
        try dataset.checkHasImages(request.dataset)
        guard request.numImages <= dataset.count else {
            throw ServiceError.invalid(
                "/n_images", "The dataset “\(request.dataset)” has \(dataset.count) images; ask for at most as many.")
        }
        let (indices, looks) = try await chosen(request, dataset)
        let sources = try await datasets.sources(request.dataset, dataset, indices: indices)
        // Somebody may have made a set of this name in the meantime.
        if let known = try existing(request) { return (known, false) }
        let digests = sources.map(\.sha256)
        // Whole seconds, because that is what the file keeps.
        let seconds = now().timeIntervalSince1970.rounded(.down)
        let probeSet = ProbeSet(
            name: request.name, dataset: request.dataset, seed: request.seed, stratified: request.stratified,
            images: sources.map(\.ref), digests: digests, sha256: ProbeSet.sha256(of: digests),
            createdAt: Date(timeIntervalSince1970: seconds),
            paths: dataset.isBuiltIn ? nil : indices.map(dataset.file),
            warnings: indices.flatMap { index in
                (looks.warnings[index] ?? []).map { "\(dataset.file(of: index).shortened): \($0)" }
            },
            skipped: looks.faults.keys.sorted().map { "\(dataset.file(of: $0).shortened): \(looks.faults[$0] ?? "")" })
        let document = SealedDocument.sealed(try JSONValue.parse([UInt8](Self.encoder.encode(probeSet))))
        try AtomicFile.write(document.pretty, to: folder + "/" + probeSet.name + ".json")
        damaged.remove(probeSet.name)
        probeSets[probeSet.name] = probeSet
        return (probeSet, true)
    }

    /// Everything that is wrong with a request, to be told beside what is wrong with its form.
    package func faults(of request: ProbeSetRequest) async -> [Fault] {
        var faults = ownFaults(request)
        do {
            _ = try await datasets.dataset(request.dataset)
        } catch {
            faults.append(.init(pointer: "/dataset", detail: ServiceError(error).detail))
        }
        return faults
    }

    private func ownFaults(_ request: ProbeSetRequest) -> [Fault] {
        var faults: [Fault] = []
        if !ResourceName.isValid(request.name) { faults.append(.init(pointer: "/name", detail: ResourceName.rule)) }
        if request.numImages < 1 || request.numImages > limit {
            faults.append(.init(pointer: "/n_images", detail: "n_images is a whole number from 1 to \(limit)."))
        }
        return faults
    }

    /// What looks into files said, by the indices of their images.
    private struct Looks: Sendable {
        var warnings: [Int: [String]] = [:]
        /// Why images cannot be used.
        var faults: [Int: String] = [:]
    }

    /// The images of a new set, all of which can be decoded: one that cannot would fail in every analysis.
    ///
    /// - Throws: `ServiceError.invalid` naming images that cannot be decoded, unless others are wanted for them, and
    ///   where too few are left.
    private func chosen(
        _ request: ProbeSetRequest, _ dataset: DatasetCatalogue.Dataset
    ) async throws -> (indices: [Int], looks: Looks) {
        let labels = (0..<dataset.count).map { dataset.label(of: $0) ?? 0 }
        var looks = Looks()
        while true {
            let indices = ProbeSetChoice.indices(
                labels: labels, count: request.numImages, seed: request.seed, stratified: request.stratified,
                without: Set(looks.faults.keys))
            guard case .folder(let folder) = dataset else { return (indices, looks) }
            guard indices.count == request.numImages else {
                throw ServiceError.invalid(
                    "/n_images",
                    "Only \(dataset.count - looks.faults.count) of the \(dataset.count) images of "
                        + "“\(request.dataset)” can be read; ask for at most as many.")
            }
            let known = looks.faults.count, stops = !request.skipsUnreadable
            let new = indices.filter { looks.warnings[$0] == nil }
            let found = try await look(new.map(folder.file), stops ? 16 : .max)
            for (index, look) in zip(new, found) {
                if let error = look.error { looks.faults[index] = error } else { looks.warnings[index] = look.warnings }
            }
            if looks.faults.count == known { return (indices, looks) }
            guard request.skipsUnreadable else {
                throw ServiceError.invalid(
                    indices.filter { looks.faults[$0] != nil }.map { index in
                        .init(
                            pointer: "/dataset",
                            detail: "The image “\(request.dataset):\(index)” (\(folder.entries[index].path.shortened)) "
                                + "cannot be used: \(looks.faults[index] ?? "")")
                    })
            }
        }
    }

    private func existing(_ request: ProbeSetRequest) throws(ServiceError) -> ProbeSet? {
        guard let known = probeSets[request.name] else { return nil }
        guard known.dataset == request.dataset, known.images.count == request.numImages, known.seed == request.seed,
            known.stratified == request.stratified
        else {
            throw .conflict(
                "The probe set “\(known.name)” is there already with other contents, "
                    + "and a probe set never changes. Choose another name."
            )
        }
        return known
    }

    private static var encoder: JSONEncoder {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return encoder
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}

extension ProbeSet {
    /// The digest of a list of digests: that of their lines.
    static func sha256(of digests: [String]) -> String {
        SHA256.hex(of: Array(digests.map { $0 + "\n" }.joined().utf8))
    }

    /// Whether a file says what it said when it was written.
    fileprivate var isConsistent: Bool {
        ResourceName.isValid(name) && images.count == digests.count
            && (paths.map { $0.count == images.count } ?? true) && Self.sha256(of: digests) == sha256
    }
}

/// Which images a probe set takes.
enum ProbeSetChoice {
    /// `count` different indices of `labels`, chosen by `seed`.
    ///
    /// Stratified: class after class gives one image in turn, so that every stretch of the list is balanced and a class
    /// that runs out leaves its places to the others.
    ///
    /// - Parameter without: indices that are passed over, the choice of the others staying what it was.
    static func indices(
        labels: [Int], count: Int, seed: Int, stratified: Bool, without: Set<Int> = []
    ) -> [Int] {
        var random = SplitMix64(seed: UInt64(bitPattern: Int64(seed)))
        let shuffled = Array(labels.indices).shuffled(using: &random).filter { !without.contains($0) }
        guard stratified else { return Array(shuffled.prefix(count)) }
        var classes: [Int: [Int]] = [:]
        for index in shuffled { classes[labels[index], default: []].append(index) }
        let order = classes.keys.sorted()
        var chosen: [Int] = [], round = 0
        while chosen.count < count {
            let before = chosen.count
            for label in order {
                guard let members = classes[label], round < members.count, chosen.count < count else { continue }
                chosen.append(members[round])
            }
            guard chosen.count > before else { break }
            round += 1
        }
        return chosen
    }
}
