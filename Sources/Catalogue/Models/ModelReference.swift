import JSON

/// A model by its name, and how another process reads the same checkpoint.
package struct ModelReference: Sendable, Equatable {
    package let name: String
    /// Of the file or folder, absolute.
    package let path: String
    package let options: LoadOptions

    package init(name: String, path: String, options: LoadOptions) {
        self.name = name
        self.path = path
        self.options = options
    }
}

extension ModelReference: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard let name = value["name"]?.string, let path = value["path"]?.string, path.hasPrefix("/") else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "This names no model and its file."))
        }
        self.init(name: name, path: path, options: LoadOptions(value))
    }

    package func encode(to encoder: any Encoder) throws {
        let value = JSONValue.object([.init("name", .string(name)), .init("path", .string(path))] + options.members)
        try value.encode(to: encoder)
    }
}
