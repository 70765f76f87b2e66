public import JSON

/// What somebody asks to be loaded under a name.
public struct ModelRegistration: Sendable, Equatable {
    public var name: String
    /// A file or a Hugging Face folder inside the models directory, or `upload:SHA256`.
    public var path: String
    /// `f32`, or nil for it.
    public var precision: String?
    public var options: LoadOptions

    public init(name: String, path: String, precision: String? = nil, options: LoadOptions = LoadOptions()) {
        self.name = name
        self.path = path
        self.precision = precision
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
        check(
            precision == nil || precision == "f32", "/precision",
            "precision “\((precision ?? "").shortened)” is not available; write f32, or leave it out.")
        return faults + options.faults
    }
}
