import FoundationEssentials
import Images
import Platform
import Synchronization
import Tensors
import Training

/// Folders of small images, made for a test and removed after it.
enum DataFixtures {
    /// Calls `body` with a folder that holds `files`: an image in random colours for each, of a size of its own.
    static func withFolder(_ files: [String], broken: [String] = [], _ body: (String) throws -> Void) throws {
        let root = FileManager.default.temporaryDirectory.path + "/data-\(RandomBytes.hex(8))"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try Folder.create(root)
        for (index, file) in (files + broken).enumerated() {
            let path = "\(root)/\(file)"
            try Folder.create(path.split(separator: "/").dropLast().map { "/" + $0 }.joined())
            let bytes = broken.contains(file) ? Array("not an image".utf8) : PNG.encode(picture(index))
            try AtomicFile.write(bytes, to: path)
        }
        try body(root)
    }

    /// Noise of a size that depends on the number.
    static func picture(_ number: Int) -> Image {
        var random = RandomStream(seed: 3, index: number)
        let height = 9 + number % 7, width = 8 + number % 11
        return Image(
            height: height, width: width, pixels: (0..<height * width * 3).map { _ in UInt8(random.below(256)) })
    }

    /// A batch as plain numbers, to compare.
    static func numbers(_ batch: Batch) -> [[Float]] {
        batch.views.map(\.array) + [batch.mask?.array ?? [], batch.noise?.array ?? [], batch.softTargets?.array ?? []]
    }
}

/// Warnings as they come, from any thread.
final class WarningList: Sendable {
    private let list = Mutex<[DataWarning]>([])

    var all: [DataWarning] { list.withLock { $0 } }
    func add(_ warning: DataWarning) { list.withLock { $0.append(warning) } }
}
