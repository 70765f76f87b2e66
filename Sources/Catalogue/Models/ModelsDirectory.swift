import JSON
import Platform

/// The directory whose checkpoints may be named: files, and Hugging Face folders.
package struct ModelsDirectory: Sendable {
    /// Nil where there is none.
    package let path: String?

    package init(path: String?) { self.path = path }

    /// Where the checkpoint called `name` lies.
    ///
    /// - Parameter pointer: to the field that names it.
    /// - Throws: `notFound` with the nearest names, `invalid` for a name that leads outside.
    package func place(of name: String, pointer: String) throws(ServiceError) -> CheckpointPlace {
        guard let path else {
            throw .invalid(
                pointer, "This server has no models directory. Upload the checkpoint and give upload:SHA256 instead.")
        }
        do throws(FileError) {
            guard try ContainedFile.kind(name, beneath: path) != .other else { throw .notRegular(path: name) }
            return CheckpointPlace(name: name, directory: path)
        } catch {
            switch error {
            case .outside, .notRegular, .badName:
                throw .invalid(pointer, "“\(name.shortened)” is no file or folder inside the models directory.")
            case .system where error.isMissing:
                throw .notFound(.checkpoint, name: name.shortened, nearest: NearestNames.of(name, among: names))
            case .system: throw .invalid(pointer, "“\(name.shortened)” cannot be read by the server.")
            }
        }
    }

    /// The files and folders, and those one level down, at most a few thousand.
    private var names: [String] {
        guard let path else { return [] }
        var names: [String] = []
        for entry in (try? Folder.entries(path)) ?? [] {
            names.append(entry.name)
            guard entry.isFolder, names.count < 4000 else { continue }
            let inner = (try? Folder.entries(path + "/" + entry.name)) ?? []
            names += inner.prefix(100).map { entry.name + "/" + $0.name }
        }
        return names
    }
}
