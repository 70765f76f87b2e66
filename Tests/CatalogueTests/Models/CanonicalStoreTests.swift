import Catalogue
import Foundation
import TestSupport
import Testing

@Suite struct CanonicalStoreTests {
    /// A service that has read a million checkpoints keeps what it may, and what its models stand on.
    @Test func theOldestGoWhereThereAreTooMany() throws {
        let folder = try TemporaryFolder(), path = folder.path + "/canonical"
        let store = CanonicalStore(folder: path, most: 2)
        try store.open()
        let manager = FileManager.default
        for (age, name) in ["e", "d", "c", "b", "a"].enumerated() {
            for file in ["\(path)/\(name).safetensors", "\(path)/seen/\(name).json"] {
                try Data(name.utf8).write(to: URL(fileURLWithPath: file))
                try manager.setAttributes(
                    [.modificationDate: Date(timeIntervalSince1970: Double(1_000_000 + age))], ofItemAtPath: file)
            }
        }
        store.prune(keeping: ["e"])
        #expect(try manager.contentsOfDirectory(atPath: path).sorted() == ["a.safetensors", "e.safetensors", "seen"])
        #expect(
            try manager.contentsOfDirectory(atPath: path + "/seen").sorted() == [
                "a.json", "b.json", "c.json", "d.json",
            ])
    }
}
