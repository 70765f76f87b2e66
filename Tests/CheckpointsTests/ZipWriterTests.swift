import Checkpoints
import Platform
import Tensors
import Testing

@Suite struct ZipWriterTests {
    private let array = Npy.encode(Tensor(shape: [2], [1, 2]))

    @Test(arguments: [1, 60, 200, 300, 1 << 32])
    func zip64IsReadAgain(_ limit: Int) throws {
        var writer = ZipWriter(zip64From: limit)
        for name in ["a", "b", "c"] { writer.add("\(name).npy", array) }
        let checkpoint = try Checkpoint.decode(Bytes(writer.finish()))
        #expect(checkpoint.root.dictionary?.names == ["a", "b", "c"])
        #expect(checkpoint.root["c"]?.tensor?.tensor().array == [1, 2])
    }

    @Test func deflatedEntriesAreReadAgain() throws {
        var writer = ZipWriter()
        writer.add("a.npy", Npy.encode(Tensor(shape: [500], repeating: 3)), deflating: true)
        let file = writer.finish()
        #expect(file.count < 500)
        #expect(try Checkpoint.decode(Bytes(file)).root["a"]?.tensor?.tensor() == Tensor(shape: [500], repeating: 3))
    }
}
