import Checkpoints
import JSON
import Models
package import Platform
import Tensors

/// Our own form of a checkpoint that was read: a safetensors file with the tensors of the network under timm's names, those
/// of a decoder as they were called, and in its metadata everything else that decides the numbers. Who opens one looks at
/// bytes that this program wrote.
package enum CanonicalModel {
    private static let key = "vitscope.model", decoderHeads = "vitscope.decoder_heads"
    private static let network = "network/", decoder = "decoder/"

    /// Writes `read` to `file`, from where it stands.
    ///
    /// - Throws: `CheckpointError`, `FileError` where the disk refuses.
    package static func write(_ read: ReadModel, to file: OpenFile) throws {
        var tensors = StateDict()
        for name in read.tensors.names { tensors[network + name] = read.tensors[name] }
        if let decoder = read.decoder {
            for name in decoder.tensors.names { tensors[Self.decoder + name] = decoder.tensors[name] }
        }
        var metadata = [key: String(decoding: try JSONValue(encoding: read.model).json, as: UTF8.self)]
        metadata[decoderHeads] = read.decoder?.heads.map(String.init)
        for chunk in try SafeTensors.chunks(tensors, as: nil, metadata: metadata) { try file.append(chunk) }
    }

    /// Opens the form at `path`.
    ///
    /// - Throws: `LoadFailure` where it is none, or is damaged.
    package static func open(_ path: String) throws(LoadFailure) -> ReadModel {
        do {
            let contents = try SafeTensors.decode(MappedFile.open(path))
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
            let heads = contents.metadata[decoderHeads].flatMap { Int($0) }
            return ReadModel(
                model: model, tensors: tensors,
                decoder: others.isEmpty ? nil : ReadModel.Decoder(tensors: others, heads: heads),
                isUnchanged: { true })
        } catch {
            throw LoadFailure(
                sentence: "The server's own copy of the model cannot be read (\(error)). Register the model again.",
                report: nil)
        }
    }
}
