import JSON
package import Platform
import Tensors

/// What was read of a checkpoint, and the digest of its form.
package struct ModelForm: Sendable, Codable {
    package let model: LoadedModel
    package let digest: String

    package init(model: LoadedModel, digest: String) {
        self.model = model
        self.digest = digest
    }

    /// Another process said it.
    package var isPlausible: Bool { model.isPlausible && Digest.isValid(digest) }
}

/// The models that were read, each a file named by its fingerprint, so that a checkpoint is read once and mapped from then
/// on.
package struct CanonicalStore: Sendable {
    /// What the forms may take on the disk before those that no model stands on go, bytes.
    static let budget = 16 << 30
    /// So many forms are kept at the most, and what was read of twice as many files.
    private let most: Int

    private let folder: String
    /// Which program read them: another one may read the same bytes otherwise.
    private let program: String

    /// - Parameters:
    ///   - program: the file of the running program.
    ///   - most: so many forms are kept at the most.
    package init(folder: String, program: String = "/proc/self/exe", most: Int = 4096) {
        self.folder = folder
        self.most = most
        self.program = FileIdentity(program)?.text ?? ""
    }

    package func open() throws(FileError) {
        try Folder.create(folder)
        try Folder.create(folder + "/seen")
    }

    /// Where the form of a model lies.
    package func path(of fingerprint: String) -> String { "\(folder)/\(fingerprint).safetensors" }

    /// What was read of the file at `place` with these options when it was the very same file; nil where it is new.
    package func known(_ place: CheckpointPlace, _ options: LoadOptions) -> ModelForm? {
        guard let key = key(place, options)?.text, let bytes = try? MappedFile.open(seen(key)),
            let document = try? JSONValue.parse(bytes), SealedDocument.isWhole(document),
            let form = try? document.decoded(as: ModelForm.self), form.isPlausible,
            Folder.exists(path(of: form.model.fingerprint)), form.model.precision == options.precision.precision
        else { return nil }
        Folder.touch(path(of: form.model.fingerprint))
        Folder.touch(seen(key))
        return form
    }

    /// What is known of the file was not right: it is read anew.
    package func forget(_ place: CheckpointPlace, _ options: LoadOptions) {
        if let key = key(place, options)?.text { try? Folder.removeFile(seen(key)) }
    }

    /// A place for a new form.
    package func begin() throws(FileError) -> PartialFile { try PartialFile(in: folder, suffix: ".part") }

    /// Keeps what was written of a model, which was read from the file at `place`.
    ///
    /// - Parameter before: the file's key from before it was read: one that changed meanwhile is not known again.
    package func keep(
        _ file: PartialFile, of form: ModelForm, from place: CheckpointPlace, _ options: LoadOptions, before: Key?
    ) throws(FileError) {
        // Whoever has mapped an older one keeps it.
        try file.finish(as: path(of: form.model.fingerprint))
        guard let before, before.isSettled, key(place, options) == before,
            let document = try? JSONValue(encoding: form)
        else { return }
        try AtomicFile.write(SealedDocument.sealed(document).json, to: seen(before.text))
    }

    /// Lets go of the oldest forms that none of `fingerprints` names, while they are too many or take more than the
    /// budget, and of the oldest that is known of files.
    package func prune(keeping fingerprints: Set<String>) {
        let suffix = ".safetensors"
        let forms = Self.byAge(folder).filter { $0.name.hasSuffix(suffix) }
        var total = forms.reduce(0) { $0 + $1.sizeBytes }, count = forms.count
        for entry in forms where total > Self.budget || count > most {
            guard !fingerprints.contains(String(entry.name.dropLast(suffix.count))) else { continue }
            try? Folder.removeFile(folder + "/" + entry.name)
            total -= entry.sizeBytes
            count -= 1
        }
        let known = Self.byAge(folder + "/seen")
        for entry in known.prefix(max(known.count - 2 * most, 0)) {
            try? Folder.removeFile(folder + "/seen/" + entry.name)
        }
    }

    /// The entries of a folder, the oldest first.
    private static func byAge(_ folder: String) -> [Folder.Entry] {
        let entries = (try? Folder.entries(folder)) ?? []
        return entries.sorted { ($0.modifiedAt, $0.name) < ($1.modifiedAt, $1.name) }
    }

    /// What decides what is read from a file.
    package struct Key: Sendable, Equatable {
        let text: String
        let isSettled: Bool
    }

    /// Nil where the file is not there.
    package func key(_ place: CheckpointPlace, _ options: LoadOptions) -> Key? {
        guard let identity = FileIdentity(place.directory + "/" + place.name) else { return nil }
        let parts = [
            program, identity.text, place.name,
            JSONValue.object(options.members).text,
        ]
        return Key(
            text: SHA256.hex(of: Array(parts.map { "\($0.utf8.count) \($0)\n" }.joined().utf8)),
            isSettled: identity.isSettled)
    }

    private func seen(_ key: String) -> String { "\(folder)/seen/\(key).json" }
}
