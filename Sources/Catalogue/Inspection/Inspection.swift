package import Checkpoints
public import JSON
public import Models
import Platform
import Tensors

/// Looks into checkpoints without a server.
public enum Inspection {
    /// The checkpoint layouts that are read, each with its word in reports, whose it is, and which files.
    public static func layouts(
        _ layouts: CheckpointLayouts = .standard
    ) -> [(name: String, title: String, reads: String)] {
        layouts.all.map { ($0.name, $0.title, $0.reads) }
    }

    /// What a checkpoint is.
    public struct Report: Sendable {
        /// The load report with the network's sizes, as JSON has it.
        public let value: JSONValue
        /// Whether a network can be built of it.
        public let isUsable: Bool
        /// Why not, a sentence.
        public let reason: String?
    }

    /// Recognises the checkpoint at `path`, a file or a Hugging Face folder; nothing is built.
    ///
    /// - Parameter layouts: those that the file may have.
    /// - Throws: `notFound`, or `unreadable` for what is no checkpoint.
    public static func inspect(
        _ path: String, options: LoadOptions = LoadOptions(), layouts: CheckpointLayouts = .standard
    ) throws(ServiceError) -> Report {
        try options.check()
        let (checkpoint, place) = try open(path)
        var members: [JSONValue.Member] = [
            .init("file", .string(place.name)), .init("size_bytes", .int(checkpoint.byteCount)),
            .init("sha256", .string(checkpoint.digest())),
        ]
        do throws(LoadFailure) {
            let recognised = try ModelLoader.recognise(
                checkpoint, options, fileName: place.name, layouts: layouts)
            let parameters = VisionTransformer.parameters(of: recognised.config).reduce(0) { $0 + $1.count }
            members += [
                .init("arch", .optional(recognised.arch)), .init("parameters", .int(parameters)),
                .init("config", recognised.config.field),
            ]
            members +=
                LoadSummary(
                    format: checkpoint.format.rawValue, report: recognised.report,
                    opaqueGlobals: checkpoint.opaqueGlobals
                ).members
            return Report(value: .object(members), isUsable: true, reason: nil)
        } catch {
            members += error.report?.object ?? []
            return Report(value: .object(members), isUsable: false, reason: error.sentence)
        }
    }

    /// Opens what somebody named on the command line.
    package static func open(_ path: String) throws(ServiceError) -> (Checkpoint, CheckpointPlace) {
        let place = CheckpointPlace(path: path)
        do {
            // Whoever names a file on their own machine may name a link.
            return (try Checkpoint.open(path), place)
        } catch {
            if case .file(let cause) = error, cause.isMissing {
                let known = (try? Folder.entries(place.directory).map(\.name)) ?? []
                throw .notFound(.file, name: path, nearest: NearestNames.of(place.name, among: known))
            }
            throw .unreadable("\(place.name): \(error).")
        }
    }
}

/// Turns checkpoints into safetensors files.
public enum Conversion {
    /// What was written.
    public struct Summary: Sendable {
        public let tensors: Int
        public let sizeBytes: Int
        /// Whose layout the checkpoint had, where it was recognised.
        public let recognisedAs: String?
        /// The Python expression that makes timm's matching network, where names became timm's.
        public let timmModel: String?
    }

    /// Writes the tensors of the checkpoint at `input` to `output`.
    ///
    /// - Parameters:
    ///   - toTimm: under timm's names, or else under their own.
    ///   - precision: `f32`, `f16` or `bf16`; nil keeps each number format.
    /// - Throws: `notFound`, `unreadable`, `invalid`, `diskFull`.
    public static func convert(
        _ input: String, to output: String, toTimm: Bool, precision: String? = nil,
        options: LoadOptions = LoadOptions()
    ) throws(ServiceError) -> Summary {
        try options.check()
        let format = precision.map(SafeTensors.Precision.init)
        if let format, format == nil { throw .invalid("/precision", "precision is f32, f16 or bf16.") }
        let (checkpoint, place) = try Inspection.open(input)
        let recognised: Result<RecognisedModel, LoadFailure>
        do throws(LoadFailure) {
            recognised = .success(try ModelLoader.recognise(checkpoint, options, fileName: place.name))
        } catch {
            recognised = .failure(error)
        }
        var metadata = ["format": "pt"]
        var timm: TimmModel?
        let stateDict: StateDict
        switch recognised {
        case .success(let model) where toTimm:
            let target = KeyMap.timmModel(of: model)
            metadata.merge(target.metadata) { $1 }
            timm = target
            stateDict = target.stateDict
        case .failure(let failure) where toTimm: throw .unreadable("\(place.name): \(failure.sentence)")
        case .success(let model): stateDict = try tensors(of: checkpoint, key: model.report.checkpointKey)
        case .failure: stateDict = try tensors(of: checkpoint, key: options.checkpointKey)
        }
        do {
            try SafeTensors.write(stateDict, as: format ?? nil, metadata: metadata, to: output)
        } catch {
            if case .file(let cause) = error {
                throw cause.isDiskFull ? .diskFull : .conflict(ServiceError.sentence("\(cause)"))
            }
            throw .unreadable(ServiceError.sentence("\(error)"))
        }
        let size = (try? MappedFile.open(output).count) ?? 0
        return Summary(
            tensors: stateDict.names.count, sizeBytes: size,
            recognisedAs: try? recognised.get().report.recognisedAs?.name, timmModel: timm?.expression)
    }

    /// The dictionary at a dotted key, or the one with the most numbers.
    private static func tensors(of checkpoint: Checkpoint, key: String?) throws(ServiceError) -> StateDict {
        let all = checkpoint.stateDicts()
        if let key {
            if let found = all.first(where: { $0.path.joined(separator: ".") == key }) { return found.dict }
            let known = all.map { $0.path.joined(separator: ".") }
            throw .invalid(
                "/checkpoint_key",
                "Nothing in the file is called “\(key)”. There are: \(known.joined(separator: ", ")).")
        }
        func size(_ dict: StateDict) -> Int { dict.names.reduce(0) { $0 + (dict[$1]?.count ?? 0) } }
        guard let largest = all.max(by: { size($0.dict) < size($1.dict) }) else {
            throw .unreadable("The file holds no tensors.")
        }
        return largest.dict
    }
}
