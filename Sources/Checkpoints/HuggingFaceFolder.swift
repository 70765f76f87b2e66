import JSON
import Platform

/// A folder as `save_pretrained` of transformers writes it: weights in one file or in shards, and two JSON files.
enum HuggingFaceFolder {
    private static let wholes = ["model.safetensors", "pytorch_model.bin"]
    private static let indices = ["model.safetensors.index.json", "pytorch_model.bin.index.json"]

    /// The checkpoint in the folder at `place`. Of several forms of the weights the first is taken, safetensors first.
    static func open(_ place: FilePlace) throws(CheckpointError) -> Checkpoint {
        let config = try json("config.json", in: place).map(Value.init)
        let preprocessor = try json("preprocessor_config.json", in: place).map(Value.init)
        for (whole, index) in zip(wholes, indices) {
            if let bytes = try place.bytes(of: whole) {
                let contents = try read(bytes, called: whole)
                return Checkpoint(
                    format: .huggingFace, contents: contents, weights: [bytes], config: config,
                    preprocessor: preprocessor)
            }
            if let document = try json(index, in: place) {
                let (contents, weights) = try shards(document, index: index, in: place)
                return Checkpoint(
                    format: .huggingFace, contents: contents, weights: weights, config: config,
                    preprocessor: preprocessor)
            }
        }
        try refuseParts(in: place)
        throw .noWeights
    }

    /// Folders of distributed trainings say how their parts become one file.
    private static func refuseParts(in place: FilePlace) throws(CheckpointError) {
        if try place.bytes(of: ".metadata") != nil {
            throw .parts(
                of: "torch.distributed.checkpoint",
                advice: "write one file with python -m torch.distributed.checkpoint.format_utils dcp_to_torch")
        }
        if try place.bytes(of: "zero_to_fp32.py") != nil {
            throw .parts(of: "DeepSpeed", advice: "write one file with its zero_to_fp32.py")
        }
    }

    private static func json(_ name: String, in place: FilePlace) throws(CheckpointError) -> JSONValue? {
        guard let bytes = try place.bytes(of: name) else { return nil }
        do throws(CheckpointError) { return try Value.json(bytes) } catch { throw .inside(file: name, error) }
    }

    private static func read(_ bytes: Bytes, called name: String) throws(CheckpointError) -> WeightFile {
        do throws(CheckpointError) { return try WeightFile(bytes) } catch { throw .inside(file: name, error) }
    }

    /// The tensors of all shards as one dictionary, in the index's order.
    private static func shards(
        _ document: JSONValue, index: String, in folder: FilePlace
    ) throws(CheckpointError) -> (WeightFile, [Bytes]) {
        guard let map = document["weight_map"]?.object, !map.isEmpty else { throw .inside(file: index, .badIndex) }
        var home: [ExactText: ExactText] = [:], files: [ExactText: WeightFile] = [:], weights: [Bytes] = [],
            opaque: [String] = []
        var metadata: [String: String] = [:], tensors = ValueDictionary(), promised: [ExactText: Int] = [:]
        for member in map {
            let tensor = member.name
            guard let shard = member.value.string else { throw .inside(file: index, .badIndex) }
            let place = ExactText(shard)
            home[ExactText(tensor)] = place
            if files[place] == nil {
                guard isPlain(shard) else { throw .inside(file: index, .badShardName(shard)) }
                guard let bytes = try folder.bytes(of: shard) else {
                    throw .inside(file: index, .missingFromShard(tensor: tensor, shard: shard))
                }
                let file = try read(bytes, called: shard)
                files[place] = file
                weights.append(bytes)
                opaque += file.opaqueGlobals
                metadata.merge(file.metadata) { first, _ in first }
            }
            guard let entry = files[place]?.root[tensor], entry.tensor != nil else {
                throw .inside(file: index, .missingFromShard(tensor: tensor, shard: shard))
            }
            tensors.set(.string(tensor), to: entry)
            promised[place, default: 0] += 1
        }
        // A tensor in a shard that the index leaves out would be lost without a word, or is in two shards.
        for (shard, file) in files.sorted(by: { $0.key.text < $1.key.text }) {
            guard let names = file.root.dictionary?.names, names.count > promised[shard, default: 0] else { continue }
            if let extra = names.first(where: { home[ExactText($0)] != shard }) {
                throw .inside(file: shard.text, home[ExactText(extra)] == nil ? .badIndex : .duplicateTensor(extra))
            }
        }
        let contents = WeightFile(
            format: .huggingFace, root: .dictionary(tensors), opaqueGlobals: WeightFile.unique(opaque),
            metadata: metadata)
        return (contents, weights)
    }

    /// A file name and no path, so that an index cannot point out of its folder.
    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 255 && !name.hasPrefix(".")
            && !name.unicodeScalars.contains { $0 == "/" || $0 == "\\" || $0.value < 0x20 }
    }
}
