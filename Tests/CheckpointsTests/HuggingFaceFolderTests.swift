import Checkpoints
import FoundationEssentials
import Platform
import Tensors
import Testing

@Suite struct HuggingFaceFolderTests {
    /// Opens a folder of its own with these files, which is gone afterwards.
    private func open(_ files: [String: Bytes]) throws -> Checkpoint {
        let path = "/tmp/vitscope-folder-\(RandomBytes.hex(8))"
        try Folder.create(path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        for (name, bytes) in files { try AtomicFile.write([bytes], to: "\(path)/\(name)") }
        return try Checkpoint.open(path)
    }

    private func index(_ map: String) -> Bytes { Bytes(Array("{\"weight_map\":\(map)}".utf8)) }

    private let ones = safeTensorsFile(#"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, data: 2)

    @Test func configurationsAreRead() throws {
        let checkpoint = try Fixture.open("hf")
        #expect(checkpoint.config?["num_attention_heads"]?.int == 3)
        #expect(checkpoint.config?["layer_norm_eps"]?.double == 1e-12)
        #expect(checkpoint.preprocessor?["image_mean"]?[0]?.double == 0.5)
        #expect(checkpoint.metadata["format"] == "pt")
        #expect(try Fixture.open("hf_bin").preprocessor == nil)
    }

    @Test func shardsMakeOneDictionary() throws {
        let whole = try Fixture.open("hf"), sharded = try Fixture.open("hf_sharded")
        #expect(Set(whole.stateDicts()[0].dict.names) == Set(sharded.stateDicts()[0].dict.names))
        #expect(sharded.stateDicts().count == 1)
        let parts = try ["1", "2"].map { try Fixture.bytes("hf_sharded/model-0000\($0)-of-00002.safetensors") }
        #expect(sharded.byteCount == parts[0].count + parts[1].count)
        #expect(sharded.digest() == SHA256.hex(of: parts[0].array + parts[1].array))
    }

    @Test func aFolderNeedsNoConfiguration() throws {
        let checkpoint = try open(["model.safetensors": ones])
        #expect(checkpoint.config == nil && checkpoint.stateDicts()[0].dict["w"]?.count == 2)
    }

    @Test func aFolderWithoutWeightsIsRefused() {
        #expect(throws: CheckpointError.noWeights) { try open(["config.json": Bytes(Array("{}".utf8))]) }
    }

    @Test(arguments: [(".metadata", "dcp_to_torch"), ("zero_to_fp32.py", "zero_to_fp32.py")])
    func aFolderOfPartsSaysHowTheyBecomeOne(_ file: String, _ advice: String) throws {
        let error = #expect(throws: CheckpointError.self) {
            try open([file: Bytes([1]), "config.json": Bytes(Array("{}".utf8))])
        }
        #expect(error?.description.contains(advice) ?? false)
    }

    @Test func theFileThatIsWrongIsNamed() {
        #expect(throws: CheckpointError.inside(file: "model.safetensors", .gitLFSPointer)) {
            try open(["model.safetensors": Bytes(Array("version https://git-lfs.github.com/spec/v1\n".utf8))])
        }
        #expect(throws: CheckpointError.inside(file: "config.json", .badJSON(expected: "a value", byte: 1))) {
            try open(["model.safetensors": ones, "config.json": Bytes(Array("[".utf8))])
        }
    }

    @Test(arguments: ["../w.safetensors", "/etc/passwd", "a/b", "", ".hidden", "a\\\\b"])
    func aShardOutsideTheFolderIsRefused(_ name: String) throws {
        let error = #expect(throws: CheckpointError.self) {
            try open(["model.safetensors.index.json": index("{\"w\":\"\(name)\"}")])
        }
        guard case .inside(_, .badShardName) = error else { throw error ?? .emptyFile }
    }

    @Test func aMissingShardOrTensorIsRefused() {
        let name = "model.safetensors.index.json"
        #expect(throws: CheckpointError.inside(file: name, .missingFromShard(tensor: "w", shard: "a.safetensors"))) {
            try open([name: index(#"{"w":"a.safetensors"}"#)])
        }
        #expect(throws: CheckpointError.inside(file: name, .missingFromShard(tensor: "v", shard: "a.safetensors"))) {
            try open([name: index(#"{"w":"a.safetensors","v":"a.safetensors"}"#), "a.safetensors": ones])
        }
    }

    @Test func aTensorInTwoShardsIsRefused() {
        let other = safeTensorsFile(
            #"{"w":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"v":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}}"#,
            data: 3)
        #expect(throws: CheckpointError.inside(file: "b.safetensors", .duplicateTensor("w"))) {
            try open([
                "model.safetensors.index.json": index(#"{"w":"a.safetensors","v":"b.safetensors"}"#),
                "a.safetensors": ones,
                "b.safetensors": other,
            ])
        }
    }

    @Test(arguments: ["[]", "{}", #"{"w":7}"#, "null"])
    func anIndexWithoutAMapIsRefused(_ map: String) {
        #expect(throws: CheckpointError.inside(file: "model.safetensors.index.json", .badIndex)) {
            try open(["model.safetensors.index.json": index(map), "a.safetensors": ones])
        }
    }
}
