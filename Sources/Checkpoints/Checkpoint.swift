public import Platform
import Tensors

/// One opened checkpoint: a file, or a Hugging Face folder.
///
/// Opening maps the files and reads their structure; no number is copied before somebody asks a `StateDict.Entry` for
/// it. Nothing in a file can run. What a file claims about itself is checked against its bytes first, so a wrong file
/// is a `CheckpointError` and never a crash.
public struct Checkpoint: Sendable {
    /// How the checkpoint is stored.
    public enum Format: String, Sendable, CaseIterable {
        case safeTensors = "safetensors"
        /// `torch.save` since PyTorch 1.6.
        case pytorchZip = "pytorch"
        /// `torch.save` before.
        case pytorchLegacy = "pytorch_legacy"
        case npz
        /// A folder of weights, usually with config.json.
        case huggingFace = "huggingface"
    }

    public let format: Format
    /// The object tree, with tensors at its leaves; of safetensors and npz one dictionary.
    public let root: Value
    /// config.json of a folder.
    public let config: Value?
    /// preprocessor_config.json of a folder.
    public let preprocessor: Value?
    /// Classes and functions the file names that stayed inert records, such as "argparse.Namespace".
    public let opaqueGlobals: [String]
    /// The free text of safetensors' `__metadata__`.
    public let metadata: [String: String]
    /// The files with weights, in order.
    private let weights: [Bytes]

    init(
        format: Format, contents: WeightFile, weights: [Bytes], config: Value? = nil, preprocessor: Value? = nil
    ) {
        self.format = format
        root = contents.root
        self.config = config
        self.preprocessor = preprocessor
        opaqueGlobals = contents.opaqueGlobals
        metadata = contents.metadata
        self.weights = weights
    }

    /// How large the files with weights are together, bytes.
    public var byteCount: Int { weights.reduce(0) { $0 + $1.count } }

    /// The SHA-256 of the files with weights one after another, 64 hexadecimal digits. Reads them all.
    public func digest() -> String {
        let hash = SHA256()
        for bytes in weights { hash.update(bytes) }
        return hash.hex()
    }

    /// Opens the file or folder at `path`.
    ///
    /// - Throws: `CheckpointError`; its description says what to do.
    public static func open(_ path: String) throws(CheckpointError) -> Checkpoint {
        try open(FilePlace(path: path, directory: nil))
    }

    /// Opens the file or folder `name`, which neither `..` nor a symbolic link leads out of `directory`.
    ///
    /// - Throws: `CheckpointError`; its description says what to do.
    public static func open(_ name: String, beneath directory: String) throws(CheckpointError) -> Checkpoint {
        try open(FilePlace(path: name, directory: directory))
    }

    /// The checkpoint in `bytes`, a whole file.
    public static func decode(_ bytes: Bytes) throws(CheckpointError) -> Checkpoint {
        let contents = try WeightFile(bytes)
        return Checkpoint(format: contents.format, contents: contents, weights: [bytes])
    }

    private static func open(_ place: FilePlace) throws(CheckpointError) -> Checkpoint {
        let bytes: Bytes
        do throws(FileError) { bytes = try place.bytes() } catch {
            if case .notRegular = error { return try HuggingFaceFolder.open(place) }
            throw .file(error)
        }
        return try decode(bytes)
    }
}

/// Where a file or folder is: anywhere, or held beneath a directory.
struct FilePlace {
    let path: String
    let directory: String?

    func bytes() throws(FileError) -> Bytes {
        guard let directory else { return try MappedFile.open(path) }
        return try MappedFile.open(path, beneath: directory)
    }

    func child(_ name: String) -> FilePlace { FilePlace(path: "\(path)/\(name)", directory: directory) }

    /// The bytes of the file `name` in this folder, nil where there is none.
    func bytes(of name: String) throws(CheckpointError) -> Bytes? {
        do throws(FileError) { return try child(name).bytes() } catch {
            if error.isMissing { return nil }
            throw .file(error)
        }
    }
}

/// What one file with weights holds.
struct WeightFile {
    let format: Checkpoint.Format
    let root: Value
    let opaqueGlobals: [String]
    let metadata: [String: String]

    init(format: Checkpoint.Format, root: Value, opaqueGlobals: [String] = [], metadata: [String: String] = [:]) {
        self.format = format
        self.root = root
        self.opaqueGlobals = opaqueGlobals
        self.metadata = metadata
    }

    init(_ bytes: Bytes) throws(CheckpointError) {
        switch try FileKind(bytes) {
        case .safeTensors:
            let contents = try SafeTensors.decode(bytes)
            var tensors = ValueDictionary()
            for name in contents.tensors.names {
                if let entry = contents.tensors[name] { tensors.set(.string(name), to: .tensor(entry)) }
            }
            self.init(format: .safeTensors, root: .dictionary(tensors), metadata: contents.metadata)
        case .zip:
            let archive = try ZipArchive(bytes)
            if !archive.entries.isEmpty, archive.entries.allSatisfy({ Npz.arrayName($0.name) != nil }) {
                let arrays = try Npz.decode(archive, fileSize: bytes.count)
                let opaque = arrays.compactMap { $0.value.opaque?.name }
                self.init(format: .npz, root: .dictionary(arrays), opaqueGlobals: Self.unique(opaque))
            } else {
                let contents = try PyTorchZip.read(archive, fileSize: bytes.count)
                self.init(format: .pytorchZip, root: contents.root, opaqueGlobals: contents.opaqueGlobals)
            }
        case .legacyPickle:
            let contents = try PyTorchLegacy.read(bytes)
            self.init(format: .pytorchLegacy, root: contents.root, opaqueGlobals: contents.opaqueGlobals)
        }
    }

    static func unique(_ names: [String]) -> [String] {
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}
