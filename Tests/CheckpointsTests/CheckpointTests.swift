import Checkpoints
import JSON
import Platform
import Tensors
import Testing

@Suite struct CheckpointTests {
    @Test(arguments: Fixture.good + Fixture.folders)
    func tensorsAgreeWithTheLibraryThatWroteThem(_ name: String) throws {
        let dicts = try Fixture.open(name).stateDicts()
        let rows = try #require(try Fixture.expected(name).list)
        for row in rows {
            let path = try #require(row["path"]?.list).compactMap(\.string)
            let tensor = try #require(row["name"]?.string)
            let entry = try #require(dicts.first { $0.path == path }?.dict[tensor], "\(name): \(path) \(tensor)")
            #expect(entry.shape == row["shape"]?.list?.compactMap(\.int))
            #expect(Self.torchName(entry.dtype) == row["dtype"]?.string)
            let values = try #require(row["values"]?.list).compactMap(\.double)
            #expect(entry.tensor().array == values.map { Float($0) }, "\(name): \(path) \(tensor)")
        }
        #expect(dicts.reduce(0) { $0 + $1.dict.names.count } == rows.count)
    }

    private static func torchName(_ dtype: DType) -> String {
        switch dtype {
        case .f64: "float64"
        case .f32: "float32"
        case .f16: "float16"
        case .bf16: "bfloat16"
        case .i64: "int64"
        case .i32: "int32"
        case .i16: "int16"
        case .i8: "int8"
        case .u8: "uint8"
        case .bool: "bool"
        }
    }

    @Test func formatsAreToldByContent() throws {
        #expect(try Fixture.open("zip_bare.pth").format == .pytorchZip)
        #expect(try Fixture.open("legacy_views.pth").format == .pytorchLegacy)
        #expect(try Fixture.open("legacy_protocol1.pth").format == .pytorchLegacy)
        #expect(try Fixture.open("dtypes.safetensors").format == .safeTensors)
        #expect(try Fixture.open("stored.npz").format == .npz)
        #expect(try Fixture.open("hf").format == .huggingFace)
    }

    @Test func aTrainingCheckpointKeepsItsSettings() throws {
        for name in ["zip_training.pth", "zip_protocol4.pth", "legacy_training.pth"] {
            let checkpoint = try Fixture.open(name)
            #expect(checkpoint.root["epoch"]?.int == 7)
            #expect(checkpoint.root["arch"]?.string == "vit_base")
            #expect(checkpoint.root["scaler"]?.isNone == true)
            #expect(checkpoint.root["best"]?.double == 0.25)
            #expect(checkpoint.root["args"]?.opaque?.name == "argparse.Namespace")
            #expect(checkpoint.root["args"]?["model"]?.string == "mae_vit_base_patch16")
            #expect(checkpoint.root["args"]?["mask_ratio"]?.double == 0.75)
            #expect(checkpoint.opaqueGlobals == ["argparse.Namespace"])
            #expect(checkpoint.stateDicts().map(\.path).first == ["model"])
        }
    }

    @Test func yacsIsReadAsADictionary() throws {
        let checkpoint = try Fixture.open("zip_yacs.pth")
        let config = try #require(checkpoint.root["config"])
        #expect(config.opaque?.name == "yacs.config.CfgNode")
        #expect(config["MODEL"]?["VIT"]?["NUM_HEADS"]?.int == 12)
        #expect(config["MODEL"]?["VIT"]?["INIT_VALUES"]?.double == 0.1)
        #expect(config["MODEL"]?["TYPE"]?.string == "vit")
        #expect(checkpoint.root["max_accuracy"]?.double == 83.5)
        #expect(checkpoint.root["lr_scheduler"]?["base_values"]?[1]?.double == 0.5)
        #expect(checkpoint.opaqueGlobals == ["yacs.config.CfgNode"])
    }

    @Test func aWholeModuleIsReadAsItsStateDict() throws {
        for name in ["zip_module.pth", "legacy_module.pth"] {
            let dicts = try Fixture.open(name).stateDicts()
            #expect(dicts.map(\.path) == [["net"]])
            #expect(dicts.first?.dict.names.contains("blocks.2.weight") == true)
        }
    }

    @Test func digestsAreOfTheFile() throws {
        let bytes = try Fixture.bytes("zip_bare.pth")
        #expect(try Fixture.open("zip_bare.pth").digest() == SHA256.hex(of: bytes))
        #expect(try Fixture.open("zip_bare.pth").byteCount == bytes.count)
    }

    @Test func aNameStaysBeneathItsFolder() throws {
        #expect(try Checkpoint.open("zip_bare.pth", beneath: Fixture.folder).format == .pytorchZip)
        #expect(try Checkpoint.open("hf", beneath: Fixture.folder).config?["hidden_size"]?.int == 12)
        #expect(throws: CheckpointError.file(.outside(path: "../checkpoints/zip_bare.pth"))) {
            try Checkpoint.open("../checkpoints/zip_bare.pth", beneath: Fixture.folder)
        }
    }

    @Test func aMissingFileIsSaidToBeMissing() throws {
        let error = #expect(throws: CheckpointError.self) { try Fixture.open("nothing.pth") }
        guard case .file(let cause) = error else { throw error ?? .emptyFile }
        #expect(cause.isMissing)
    }

    // MARK: Files that are no checkpoint

    private func decode(_ text: String) throws -> Checkpoint { try Checkpoint.decode(Bytes(Array(text.utf8))) }

    @Test func anEmptyFileIsRefused() {
        #expect(throws: CheckpointError.emptyFile) { try Checkpoint.decode(Bytes([])) }
    }

    @Test func aGitLFSPointerIsNamed() {
        #expect(throws: CheckpointError.gitLFSPointer) {
            try decode("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 345\n")
        }
    }

    @Test(arguments: ["<!DOCTYPE html><html></html>", "\n <html lang=en>", "\u{feff}<!doctype HTML>"])
    func aWebPageIsNamed(_ text: String) {
        #expect(throws: CheckpointError.htmlPage) { try decode(text) }
    }

    @Test func otherKindsOfFileAreNamed() throws {
        #expect(throws: CheckpointError.compressed(by: "gzip")) {
            try Checkpoint.decode(Bytes(Deflate.gzip([1, 2, 3])))
        }
        #expect(throws: CheckpointError.foreign("a JSON text; give its whole folder")) {
            try decode("{\"hidden_size\": 3}")
        }
        #expect(throws: CheckpointError.foreign("a text")) { try decode("Not Found\n") }
        #expect(throws: CheckpointError.foreign("a single NumPy array")) { try Fixture.open("plain.npy") }
        #expect(throws: CheckpointError.foreign("an HDF5 file, as Keras writes")) {
            try Checkpoint.decode(Bytes([0x89, 0x48, 0x44, 0x46, 0, 0, 0, 0, 0]))
        }
        #expect(throws: CheckpointError.unrecognised(firstBytes: [1, 2, 3])) {
            try Checkpoint.decode(Bytes([1, 2, 3]))
        }
    }

    @Test func aBarePickleIsNamed() {
        #expect(throws: CheckpointError.foreign("a bare pickle, not a file of torch.save")) {
            try Fixture.open("refused/bare.pkl")
        }
    }

    @Test func aTarArchiveIsNamed() {
        #expect(throws: CheckpointError.tar) { try Fixture.open("refused/tar.pth") }
    }

    @Test func aTorchScriptProgramIsNamed() {
        #expect(throws: CheckpointError.torchScript) { try Fixture.open("refused/torchscript.pt") }
    }

    @Test func anExportedProgramIsNamed() {
        #expect(throws: CheckpointError.exportedProgram) { try Fixture.open("refused/exported.pt2") }
    }

    @Test func messagesAreSentences() throws {
        let errors: [CheckpointError] = [
            .emptyFile, .gitLFSPointer, .htmlPage, .torchScript, .tar, .noWeights, .zipNoDirectory,
            .unknownOpcode(0x82, byte: 17), .inside(file: "model.safetensors", .gitLFSPointer),
            .negativeStride(byte: 3), .headerTooLarge(count: 1 << 40, limit: 1 << 24), .badNpyHeader(expected: "':'"),
        ]
        for error in errors { #expect(error.description.count > 20 && !error.description.hasSuffix(".")) }
        #expect(CheckpointError.unknownOpcode(0x82, byte: 17).description.contains("0x82 at byte 17"))
        #expect(CheckpointError.gitLFSPointer.description.contains("git lfs pull"))
        let long = CheckpointError.reservedName(String(repeating: "a\u{7}", count: 10_000)).description
        #expect(long.count < 300 && !long.contains("\u{7}"))
    }
}
