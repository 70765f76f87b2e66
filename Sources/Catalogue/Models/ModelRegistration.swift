public import JSON

/// What somebody asks to be loaded under a name.
public struct ModelRegistration: Sendable, Equatable {
    public var name: String
    /// A file or a Hugging Face folder inside the models directory, or `upload:SHA256`.
    public var path: String
    public var options: LoadOptions

    public init(name: String, path: String, options: LoadOptions = LoadOptions()) {
        self.name = name
        self.path = path
        self.options = options
    }

    /// Everything that is wrong with it before any file is looked at.
    public var faults: [Fault] {
        var faults: [Fault] = []
        func check(_ isRight: Bool, _ pointer: String, _ detail: String) {
            if !isRight { faults.append(.init(pointer: pointer, detail: detail)) }
        }
        check(ResourceName.isValid(name), "/name", ResourceName.rule)
        let isPlain = path.utf8.allSatisfy { $0 >= 32 && $0 != 127 }
        check(
            !path.isEmpty && path.utf8.count <= 1024 && isPlain, "/path",
            "path is the name of a file or folder inside the models directory, or upload:SHA256.")
        return faults + options.faults
    }
}
