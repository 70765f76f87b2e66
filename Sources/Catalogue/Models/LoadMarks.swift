import FoundationEssentials
import Platform

/// Which registrations are being loaded, on the disk: who is named there at a start had not finished when the process
/// ended, perhaps because of it.
package struct LoadMarks: Sendable {
    private let path: String

    package init(path: String) { self.path = path }

    /// The names; none where there is no file, or none that can be read.
    package func read() -> Set<String> {
        guard let bytes = try? MappedFile.open(path),
            let names = try? JSONDecoder().decode([String].self, from: Data(bytes.array))
        else { return [] }
        return Set(names)
    }

    /// A disk that takes nothing keeps no model from loading.
    package func write(_ names: Set<String>) {
        guard !names.isEmpty else {
            try? Folder.removeFile(path)
            return
        }
        guard let text = try? JSONEncoder().encode(names.sorted()) else { return }
        try? AtomicFile.write([UInt8](text), to: path)
    }
}
