package import JSON
import Models

/// A model by its name, and how another process reads the same checkpoint.
package struct ModelReference: Sendable {
    package let name: String
    /// Of the file or folder, absolute.
    package let path: String
    package let options: LoadOptions
}

extension ModelReference {
    package init?(_ value: JSONValue) {
        guard let name = value["name"]?.string, let path = value["path"]?.string, path.hasPrefix("/") else {
            return nil
        }
        self.init(name: name, path: path, options: LoadOptions(value))
    }

    package var field: JSONValue {
        .object([.init("name", .string(name)), .init("path", .string(path))] + options.members)
    }
}
