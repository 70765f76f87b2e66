import JSON
import Platform

/// A model by its name, and how another process reads the same checkpoint.
package struct ModelReference: Sendable, Equatable {
    package let name: String
    /// Of the file or folder, absolute.
    package let path: String
    package let options: LoadOptions
    /// Where the server's own form of the model lies, absolute; nil where there is none.
    package let form: String?
    /// The digest of the form.
    package let formDigest: String?

    package init(name: String, path: String, options: LoadOptions, form: String? = nil, formDigest: String? = nil) {
        self.name = name
        self.path = path
        self.options = options
        self.form = form
        self.formDigest = formDigest
    }

    /// The same model, with its form.
    package func with(form: String, digest: String) -> ModelReference {
        ModelReference(name: name, path: path, options: options, form: form, formDigest: digest)
    }

    /// Reads the form where it is whole, otherwise the checkpoint.
    ///
    /// - Throws: `LoadFailure`.
    package func read() throws(LoadFailure) -> ReadModel {
        if let form, let formDigest, let read = try? CanonicalModel.open(form, digest: formDigest) { return read }
        return try ModelLoader.read(CheckpointPlace(path: path), options)
    }
}

extension ModelReference: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard let name = value["name"]?.string, let path = value["path"]?.string, path.hasPrefix("/") else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "This names no model and its file."))
        }
        let form = value["form"]?.string
        self.init(
            name: name, path: path, options: LoadOptions(value), form: form?.hasPrefix("/") == true ? form : nil,
            formDigest: value["form_sha256"]?.string)
    }

    package func encode(to encoder: any Encoder) throws {
        let form =
            [("form", form), ("form_sha256", formDigest)].compactMap { name, value in
                value.map { JSONValue.Member(name, .string($0)) }
            }
        let value = JSONValue.object(
            [.init("name", .string(name)), .init("path", .string(path))] + form + options.members)
        try value.encode(to: encoder)
    }
}
