import Checkpoints
import JSON
import Models
package import Platform
import Tensors

/// Our own form of a checkpoint that was read: a safetensors file with the tensors of the network under timm's names, those
/// of a decoder as they were called, and in its metadata everything else that decides the numbers. Who opens one looks at
/// bytes that this program wrote.
package enum CanonicalModel {
    private static let key = "vitscope.model"
    private static let network = "network/", decoder = "decoder/"

    /// Writes `read` to `file`, from where it stands.
    ///
    /// - Returns: the digest of what was written.
    /// - Throws: `CheckpointError`, `FileError` where the disk refuses.
    package static func write(_ read: ReadModel, to file: OpenFile) throws -> String {
        var tensors = StateDict()
        for name in read.tensors.names { tensors[network + name] = read.tensors[name] }
        if let decoder = read.decoder {
            for name in decoder.names { tensors[Self.decoder + name] = decoder[name] }
        }
        let metadata = [key: try JSONValue(encoding: read.model).text]
        let hash = SHA256()
        for chunk in try SafeTensors.chunks(tensors, as: nil, metadata: metadata) {
            hash.update(chunk)
            try file.append(chunk)
        }
        return hash.hex()
    }

    /// Opens the form at `path`.
    ///
    /// - Parameter digest: of what was written: a bit that the disk has turned would be another network.
    /// - Throws: `LoadFailure` where it is none, or is damaged.
    package static func open(_ path: String, digest: String) throws(LoadFailure) -> ReadModel {
        do {
            let bytes = try MappedFile.open(path)
            guard SHA256.hex(of: bytes) == digest else { throw ServiceError.unreadable("it is not what was written") }
            let contents = try SafeTensors.decode(bytes)
            guard let text = contents.metadata[key] else { throw CheckpointError.badIndex }
            let model = try JSONValue.parse(Array(text.utf8)).decoded(as: LoadedModel.self)
            guard model.isPlausible else { throw CheckpointError.badIndex }
            var tensors = StateDict(), others = StateDict()
            for name in contents.tensors.names {
                if name.hasPrefix(network) {
                    tensors[String(name.dropFirst(network.count))] = contents.tensors[name]
                } else if name.hasPrefix(decoder) {
                    others[String(name.dropFirst(decoder.count))] = contents.tensors[name]
                }
            }
            return ReadModel(
                model: model, tensors: tensors, decoder: others.isEmpty ? nil : others, isUnchanged: { true })
        } catch {
            throw LoadFailure(
                sentence: "The server's own copy of the model cannot be read: \(error).",
                report: nil)
        }
    }
}
