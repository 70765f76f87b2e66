import Images
import JSON
import Platform
import Training

/// Where the names of datasets lead.
struct DatasetPlaces: Sendable {
    /// Where they are looked up; nil for the built-in images alone, or for paths.
    let directory: String?
    /// Whether only names lead anywhere, not paths.
    let restrictsPaths: Bool

    /// Where a name leads.
    private enum Place {
        /// A folder of the datasets directory, or a split in one.
        case named(beneath: String)
        /// A folder anywhere, for those who may name one.
        case path
    }

    /// What is wrong with a name; nil for one that leads to a folder or to the built-in images.
    func fault(_ name: String, pointer: String) -> Fault? {
        if name == DatasetSettings.builtIn || place(of: name) != nil { return nil }
        let shown = name.shortened
        if restrictsPaths, DatasetName.parts(name) == nil {
            return .init(
                pointer: pointer,
                detail: "“\(shown)” is a path. Name \(DatasetSettings.builtIn), or a folder of the datasets directory; "
                    + "GET /v1/datasets lists them.")
        }
        let known = directory.flatMap { try? Folder.entries($0).filter(\.isFolder).map(\.name) } ?? []
        let near = NearestNames.of(name, among: known + [DatasetSettings.builtIn])
        let others =
            restrictsPaths
            ? " GET /v1/datasets lists those there are."
            : " Name a folder, \(DatasetSettings.builtIn), or one below --datasets."
        return .init(
            pointer: pointer,
            detail: "There is no dataset “\(shown)”."
                + (near.isEmpty
                    ? others : " Did you mean \(near.map { "“\($0)”" }.joined(separator: " or "))?"))
    }

    /// The folder that `name` means, listed.
    ///
    /// - Throws: as `ImageFolder`.
    func folder(_ name: String) throws(ImageError) -> ImageFolder {
        if case .named(let directory)? = place(of: name) {
            return try DatasetName.folder(name, beneath: directory)
        }
        return try ImageFolder(name)
    }

    private func place(of name: String) -> Place? {
        if let directory, DatasetName.parts(name) != nil,
            (try? ContainedFile.kind(name, beneath: directory)) == .folder
        {
            return .named(beneath: directory)
        }
        return !restrictsPaths && !name.utf8.contains(0) && Folder.exists(name) ? .path : nil
    }
}

extension TrainingDataset {
    /// The dataset that `settings` names.
    ///
    /// - Parameters:
    ///   - name: of the dataset or of the one to validate on.
    ///   - pointer: to the setting.
    ///   - imgSize: of the model, which the built-in images take unless told otherwise.
    static func open(
        _ name: String, pointer: String, settings: DatasetSettings, places: DatasetPlaces, imgSize: Int
    ) throws -> TrainingDataset {
        if name == DatasetSettings.builtIn {
            return .shapesTextures(
                try ShapesTextures(
                    count: settings.numImages ?? 4096, imgSize: settings.imgSize ?? min(max(imgSize, 16), 1024),
                    // Built-in images to validate on are others than those to learn from.
                    seed: UInt64(settings.seed ?? 0) + (pointer == "/dataset" ? 0 : 1),
                    cue: settings.cue.flatMap(ShapesTextures.Cue.init) ?? .independent))
        }
        if let fault = places.fault(name, pointer: pointer) {
            throw TrainingFailure.setting(fault.pointer, fault.detail)
        }
        do { return .folder(try places.folder(name)) } catch {
            if case .file(let cause) = error, cause.isMissing {
                throw TrainingFailure.setting(
                    pointer,
                    "There is no dataset “\(name.shortened)”: what follows the slash is a split, such as train.")
            }
            throw TrainingFailure(
                .badData, "\(name): \(error).", faults: [.init(pointer: pointer, detail: ServiceError(error).detail)])
        }
    }
}
