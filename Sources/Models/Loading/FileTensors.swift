import Tensors

/// A dictionary of tensors of a file, under names without what wrapping modules add to them.
struct FileTensors {
    /// The keys that lead to it.
    let path: [String]
    /// Under plain names.
    let dict: StateDict
    /// The names in the file of those that are called otherwise there.
    private let renamed: [String: String]
    /// Why two names of the file cannot be told apart: they are one and the same without wrappers, or spelled with other
    /// characters of the same look.
    let collision: ModelError.Reason?

    /// What PyTorch's wrappers put into names: compiling, checkpointing of activations, sharding, data parallelism.
    private static let wrappers: Set<Substring> = [
        "_orig_mod", "_checkpoint_wrapped_module", "_fsdp_wrapped_module", "module",
    ]

    init(path: [String], dict: StateDict) {
        self.path = path
        guard dict.names.contains(where: { Self.plain($0) != $0 }) || Set(dict.names).count < dict.names.count else {
            (self.dict, renamed, collision) = (dict, [:], nil)
            return
        }
        var plainDict = StateDict(), fileNames: [String: String] = [:], seen: Set<String> = []
        var collision: ModelError.Reason?
        for name in dict.names {
            let plain = Self.plain(name)
            guard seen.insert(plain).inserted else {
                let isSame = plainDict[plain] != nil
                collision =
                    collision ?? (isSame ? .sameName(fileNames[plain] ?? plain, name, plain: plain) : .alikeName(name))
                continue
            }
            plainDict[plain] = dict[name]
            if plain != name { fileNames[plain] = name }
        }
        (self.dict, renamed, self.collision) = (plainDict, fileNames, collision)
    }

    /// The name in the file of the tensor called `plain`.
    func fileName(_ plain: String) -> String { renamed[plain] ?? plain }

    /// What stands before the part of the tensor `plain` that comes after `prefix`, as the file has it.
    func filePrefix(of plain: String, prefix: String) -> String {
        guard let full = renamed[plain] else { return prefix }
        let words = full.split(separator: ".", omittingEmptySubsequences: false)
        var left = prefix.split(separator: ".").count, count = 0
        while count < words.count - 1, left > 0 || Self.wrappers.contains(words[count]) {
            if !Self.wrappers.contains(words[count]) { left -= 1 }
            count += 1
        }
        return words[..<count].map { $0 + "." }.joined()
    }

    /// Every name in the file, in its order.
    var fileNames: [String] { dict.names.map(fileName) }

    /// `name` without wrappers. One that is nothing else, as a JAX module's, stays.
    private static func plain(_ name: String) -> String {
        guard wrappers.contains(where: { name.contains($0) }) else { return name }
        let words = name.split(separator: ".", omittingEmptySubsequences: false)
        let kept = words.filter { !wrappers.contains($0) }
        return kept.isEmpty ? name : kept.joined(separator: ".")
    }
}
