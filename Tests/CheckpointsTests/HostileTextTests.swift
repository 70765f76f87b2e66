import Checkpoints
import Foundation
import JSON
import Platform
import Tensors
import TestSupport
import Testing

/// Text that takes the square of its length to compare, wherever a checkpoint can hold some.
///
/// A single comparison of such a text takes minutes, so a test that ends has compared none.
@Suite(.timeLimit(.minutes(5))) struct HostileTextTests {
    /// 1,600,000 bytes, in both orders, because marks in order are cheap.
    static let texts = ["\u{301}\u{327}", "\u{327}\u{301}"].map { "a" + String(repeating: $0, count: 400_000) }

    private func expectRefusal(_ bytes: Bytes, _ place: String) {
        let error = #expect(throws: CheckpointError.self, "\(place)") { try Checkpoint.decode(bytes) }
        let sentence = error?.description ?? ""
        #expect(sentence.utf8.count > 20 && sentence.utf8.count < 500, "\(place): \(sentence.utf8.count) bytes")
    }

    @Test(arguments: texts) func headersOfSafeTensors(_ text: String) {
        let tensor = #""dtype": "F32", "shape": [1], "data_offsets": [0, 4]"#
        for (place, header) in [
            #"{"\#(text)": {\#(tensor)}}"#, #"{"a": {\#(tensor)}, "\#(text)": {\#(tensor)}}"#,
            #"{"a": {\#(tensor), "\#(text)": 1}}"#, #"{"__metadata__": {"\#(text)": "x"}, "a": {\#(tensor)}}"#,
            #"{"__metadata__": {"x": "\#(text)"}, "a": {\#(tensor)}}"#,
            #"{"a": {"dtype": "\#(text)", "shape": [1], "data_offsets": [0, 4]}}"#,
        ].enumerated() {
            expectRefusal(safeTensorsFile(header, data: 4), "header \(place)")
        }
    }

    @Test(arguments: texts) func pickles(_ text: String) throws {
        let tensor = Pickled.tensor(Pickled.storage(count: 1), shape: [1], strides: [1])
        let long = Pickled.text(text), line = Array(text.utf8)
        func lines(_ opcode: Character, _ count: Int) -> [UInt8] {
            Array(String(opcode).utf8) + (0..<count).flatMap { _ in line + [10] }
        }
        let hostile: [(String, [UInt8])] = [
            ("a key", Pickled.emptyDictionary + long + tensor + Pickled.setItem), ("a value", long),
            ("a module", Pickled.global(text, "name")), ("a class", Pickled.global("collections", text)),
            ("the kind of a storage", Pickled.storage(text, count: 1)),
            ("the key of a storage", Pickled.storage(key: text, count: 1)), ("a number", lines("I", 1)),
            ("a long number", lines("L", 1)), ("a float", lines("F", 1)), ("a persistent id", lines("P", 1)),
            ("a memo", Pickled.none + lines("p", 1)), ("an instance", [Pickled.mark] + lines("i", 2)),
        ]
        for (place, parts) in hostile {
            let bytes = Pickled(parts, Pickled.stop).bytes
            expectRefusal(torchFile(bytes, storages: ["0": [0, 0, 0, 0]]), place)
        }
        // Python 2's strings are bytes to whoever looks.
        let old = try unpickle(Pickled([0x54], Pickled.little(line.count, 4), line, Pickled.stop))
        #expect(old.root.string == nil)
    }

    @Test(arguments: texts) func archives(_ text: String) {
        // A zip name has 64 KB at the most, enough for half a minute.
        let name = "archive/" + String(text.unicodeScalars.prefix(16_000))
        let pickle = Pickled(Pickled.emptyDictionary, Pickled.stop).bytes
        var writer = ZipWriter()
        writer.add("archive/data.pkl", pickle)
        writer.add(name, [1])
        expectRefusal(Bytes(writer.finish()), "the name of an entry")
        var arrays = ZipWriter()
        arrays.add(name + ".npy", Npy.encode(Tensor(shape: [1], [1])))
        expectRefusal(Bytes(arrays.finish()), "the name of an array")
        var order = ZipWriter()
        order.add("archive/data.pkl", pickle)
        order.add("archive/byteorder", Array("l\(text)".utf8))
        expectRefusal(Bytes(order.finish()), "the order of bytes")
    }

    /// The name in an entry's own header, where the directory has another.
    @Test(arguments: texts) func secondNameOfAnEntry(_ text: String) {
        var zip = LyingZip.valid()
        zip.entries[1].name = "archive/aa"
        zip.entries[1].localName = "archive/" + String(text.unicodeScalars.prefix(16_000))
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.decode(zip.bytes()) }
        #expect(error == .zipDisagreement(entry: "archive/aa", field: "name"))
    }

    @Test(arguments: texts) func foldersOfHuggingFace(_ text: String) throws {
        let folder = try TemporaryFolder()
        let shard = try Fixture.bytes("dtypes.safetensors").array
        try Data(shard).write(to: URL(fileURLWithPath: folder.path + "/model-00001-of-00001.safetensors"))
        for json in [
            #"{"weight_map": {"\#(text)": "model-00001-of-00001.safetensors"}}"#, #"{"weight_map": {"a": "\#(text)"}}"#,
            #"{"\#(text)": 1, "weight_map": {}}"#,
        ] {
            try Data(json.utf8).write(to: URL(fileURLWithPath: folder.path + "/model.safetensors.index.json"))
            #expect(throws: CheckpointError.self) { try Checkpoint.open(folder.path) }
        }
        let configured = try TemporaryFolder()
        try Data(shard).write(to: URL(fileURLWithPath: configured.path + "/model.safetensors"))
        for file in ["config.json", "preprocessor_config.json"] {
            for json in [#"{"\#(text)": 1}"#, #"{"model_type": "\#(text)"}"#] {
                try Data(json.utf8).write(to: URL(fileURLWithPath: "\(configured.path)/\(file)"))
                #expect(throws: CheckpointError.self) { try Checkpoint.open(configured.path) }
            }
            try FileManager.default.removeItem(atPath: "\(configured.path)/\(file)")
        }
        #expect(try Checkpoint.open(configured.path).format == .huggingFace)
    }

    @Test(arguments: texts) func headersOfArrays(_ text: String) {
        let short = String(text.unicodeScalars.prefix(4000))
        for header in ["{'\(short)': 1}", "{'descr': '\(short)', 'fortran_order': False, 'shape': (1,)}"] {
            var bytes: [UInt8] = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]
            bytes += Pickled.little(header.utf8.count, 2) + Array(header.utf8)
            #expect(throws: CheckpointError.self) { try Npy.decode(Bytes(bytes)) }
        }
    }
}
