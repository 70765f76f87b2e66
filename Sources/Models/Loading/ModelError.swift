/// A checkpoint or a request that no network can be built from, with the report as far as it goes.
public struct ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    public let reason: Reason
    public let report: LoadReport

    public var description: String { reason.description }

    /// One case for each way to be wrong.
    public enum Reason: Error, Sendable, Equatable, CustomStringConvertible {
        /// No dictionary of the file looks like a Vision Transformer. Some of its names.
        case unrecognised(names: [String])
        /// There is no dictionary or prefix called so. The known ones.
        case unknownCheckpointKey(String, known: [String])
        /// Tensors of the network that the file has not.
        case missing([String])
        /// A tensor of another shape than the network's.
        case shape(name: String, expected: [Int], found: [Int])
        /// A tensor of integers, or one that repeats its numbers, where weights are expected.
        case notWeights(name: String, found: String)
        /// Something that changes what the network computes and has no place here.
        case unsupported(String)
        /// An activation that is not computed here; a sentence.
        case unsupportedActivation(String)
        /// Tensors inside the network that it has no use for: it computes something else.
        case unused([String])
        /// Tensors that stand for others: parts of them on other processes, or other numbers to be computed first. Why, and what
        /// to do.
        case unfinished(String)
        /// Something that neither the file nor its configuration tells, and that has no one convention: what, and the
        /// option that says it.
        case untold(option: String, String)
        /// Two tensors that have the same name without what wrapping modules add to it.
        case sameName(String, String, plain: String)
        /// Two tensors whose names look the same and are spelled with other characters.
        case alikeName(String)
        /// The number of heads cannot be told from the file.
        case unknownHeads(embedDim: Int)
        /// The number of heads does not divide the width.
        case headsDoNotDivide(numHeads: Int, embedDim: Int)
        /// The relative position tables, or JAX's kernels, have another number of heads than asked for.
        case headsContradictTable(asked: Int, table: Int)
        /// A value of the request that the file contradicts.
        case contradiction(field: String, asked: String, found: String)
        /// Positions that are no square grid.
        case gridUnknown(name: String, count: Int)
        /// There are no positions to tell the input size from.
        case imgSizeUnknown
        /// An input size that is no multiple of the patch size.
        case imgSizeNotMultiple(ImageSize, patchSize: Int)
        /// A size beyond what is read from a file or a request.
        case tooLarge(what: String, value: Int, limit: Int)
    }
}

extension ModelError.Reason {
    public var description: String {
        switch self {
        case .unrecognised(let names):
            return names.isEmpty
                ? "the file holds no tensors"
                : "no Vision Transformer is recognised in this file; its tensors are called \(some(names))"
        case .unknownCheckpointKey(let key, let known):
            return "nothing in the file is called \(key); the networks in it are: \(known.joined(separator: ", "))"
        case .missing(let names):
            let one = names.count == 1
            return "\(names.count) tensor\(one ? "" : "s") of the network \(one ? "is" : "are") missing: \(some(names))"
        case .shape(let name, let expected, let found):
            return "\(name) has the shape \(found) where \(expected) is expected"
        case .notWeights(let name, let found): return "\(name) \(found) where weights are expected"
        case .unsupported(let what), .unsupportedActivation(let what): return what
        case .unused(let names):
            if let how = UnfinishedTensors.advice(names) { return how }
            let one = names.count == 1
            return
                "\(names.count) tensor\(one ? "" : "s") inside the network \(one ? "has" : "have") no place in a plain "
                + "Vision Transformer, so it computes something else: \(some(names))"
        case .untold(_, let what), .unfinished(let what): return what
        case .sameName(let first, let second, let plain):
            return "\(first) and \(second) are both \(plain) without what wrapping modules add to names; "
                + "save the network that is wanted in a file of its own"
        case .alikeName(let name):
            return "two tensors are called \(name), spelled with different characters that look the same; "
                + "rename one of them"
        case .unknownHeads(let embedDim):
            return "the number of heads cannot be told from a width of \(embedDim); pass num_heads"
        case .headsDoNotDivide(let numHeads, let embedDim):
            let near = (1...max(embedDim, 1)).filter { embedDim % $0 == 0 && embedDim / $0 >= 8 }
            return "num_heads \(numHeads) does not divide embed_dim \(embedDim); pass one of "
                + near.map(String.init).joined(separator: ", ")
        case .headsContradictTable(let asked, let table):
            return "num_heads is \(asked), but tensors of the file are made for \(table) heads; leave it out"
        case .contradiction(let field, let asked, let found):
            return "\(field) is \(asked), but the file says \(found); leave it out or choose another file"
        case .gridUnknown(let name, let count):
            return "the \(count) positions of \(name) are no square grid; pass the img_size they were made for"
        case .imgSizeUnknown: return "nothing in the file tells its input size; pass img_size"
        case .imgSizeNotMultiple(let size, let patchSize):
            let near = { (side: Int) in max(patchSize, (side + patchSize / 2) / patchSize * patchSize) }
            return
                "img_size \(size.height)×\(size.width) is no multiple of the patch size \(patchSize); the nearest is "
                + "\(near(size.height))×\(near(size.width))"
        case .tooLarge(let what, let value, let limit): return "\(what) is \(value), more than the \(limit) supported"
        }
    }

    private func some(_ names: [String]) -> String {
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
