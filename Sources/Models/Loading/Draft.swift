import Platform
import Tensors

/// The tensors of a network under canonical names, as far as the file has them, before sizes are known.
struct Draft {
    /// A tensor of the file in its place.
    struct Source {
        /// Its name in the file.
        let name: String
        let part: Placement.Part?
        let entry: StateDict.Entry
    }

    private(set) var sources: [String: [Source]] = [:]
    /// In the order of the file.
    private(set) var names: [String] = []
    /// What belongs to the network by its name and has no place in it, by names in the file.
    private(set) var strays: [String] = []
    /// The heads that JAX's kernels keep apart.
    private var kernelHeads: Int?

    /// Sorts every tensor of `backbone`'s dictionary into its place, or into the report.
    init(_ backbone: Backbone, report: inout LoadReport) throws(ModelError.Reason) {
        // Names under the backbone's prefix go first: a task model may repeat one of them outside.
        let inside = backbone.dict.names.filter { $0.hasPrefix(backbone.prefix) }
        let outside = backbone.prefix.isEmpty ? [] : backbone.dict.names.filter { !$0.hasPrefix(backbone.prefix) }
        for name in inside + outside {
            guard let entry = backbone.dict[name] else { continue }
            let fileName = backbone.tensors.fileName(name)
            switch backbone.place(name) {
            case .ignored(let why): report.ignored.append(.init(name: fileName, why: why))
            case .unexpected: report.unexpected.append(fileName)
            case .stray:
                report.unexpected.append(fileName)
                strays.append(fileName)
            case .tensor(let canonical, let part, let view):
                // transformers writes the registers of a network without any.
                guard entry.count > 0 || entry.shape.isEmpty else {
                    report.ignored.append(.init(name: fileName, why: "it holds no numbers"))
                    continue
                }
                let isTaken = sources[canonical]?.contains { $0.part == nil || part == nil || $0.part == part } ?? false
                guard !isTaken else {
                    report.ignored.append(.init(name: fileName, why: "another tensor already is \(canonical)"))
                    continue
                }
                try Self.check(entry, name: fileName)
                guard let seen = entry.seen(as: view) else {
                    throw .shape(name: fileName, expected: view.exampleShape, found: entry.shape)
                }
                if case .headsLast = view { kernelHeads = kernelHeads ?? entry.shape[1] }
                report.matched.append(
                    .init(name: fileName, canonical: canonical, shape: entry.shape, dtype: entry.dtype))
                if sources[canonical] == nil { names.append(canonical) }
                sources[canonical, default: []].append(Source(name: fileName, part: part, entry: seen))
            }
        }
        takeUpProjectionsAsWhole()
    }

    /// Takes apart what a file has as one: the tokens before the patches (RADIO); and joins positions of rows and of
    /// columns, and AIMv2's gate, which its own files
    /// call as they call the first layer of an MLP without one.
    mutating func splitJoined() throws(ModelError.Reason) {
        if let entry = try entry("prefix_tokens"), entry.shape.count == 3, entry.shape[1] > 0 {
            let (count, width) = (entry.shape[1], entry.shape[2])
            let rows = entry.tensor().reshaped([count, width])
            _ = remove("prefix_tokens")
            set("cls_token", to: StateDict.Entry(rows.rows(0..<1).reshaped([1, 1, width])))
            if count > 1 {
                set("reg_token", to: StateDict.Entry(rows.rows(1..<count).reshaped([1, count - 1, width])))
            }
        }
        if let rows = try entry("pos_rows"), let cols = try entry("pos_cols"), rows.shape.count == 3,
            cols.shape.count == 3, rows.shape.last == cols.shape.last
        {
            let (width, tall, wide) = (rows.shape[2], rows.tensor().array, cols.tensor().array)
            guard tall.count / max(width, 1) <= ModelLimits.side, wide.count / max(width, 1) <= ModelLimits.side else {
                throw .tooLarge(
                    what: "the number of positions", value: max(tall.count, wide.count), limit: ModelLimits.side)
            }
            var table: [Float] = []
            for row in stride(from: 0, to: tall.count, by: max(width, 1)) {
                for (index, number) in wide.enumerated() { table.append(tall[row + index % width] + number) }
            }
            _ = remove("pos_rows")
            _ = remove("pos_cols")
            let positions = width > 0 ? table.count / width : 0
            set("pos_embed", to: StateDict.Entry(Tensor(shape: [1, positions, width], table)))
        }
        for name in names where name.contains(".mlp.fc3.") {
            let gate = name.replacing(".mlp.fc3.", with: ".mlp.fc1.")
            guard let up = sources[name]?.first, let first = sources[gate]?.first, first.part == nil else { continue }
            _ = remove(name)
            sources[gate] = [
                Source(name: first.name, part: .gate, entry: first.entry),
                Source(name: up.name, part: .up, entry: up.entry),
            ]
        }
    }

    /// transformers calls the first layer of an MLP without a gate as it calls the layer beside a gate.
    private mutating func takeUpProjectionsAsWhole() {
        let layers = names.filter { $0.hasSuffix(".mlp.fc1.weight") || $0.hasSuffix(".mlp.fc1.bias") }
        guard !layers.contains(where: { sources[$0]?.contains { $0.part != .up } ?? false }) else { return }
        for name in layers {
            sources[name] = sources[name]?.map { Source(name: $0.name, part: nil, entry: $0.entry) }
        }
    }

    /// Refuses what holds no weights: integers, and views that claim more numbers than there are bytes.
    private static func check(_ entry: StateDict.Entry, name: String) throws(ModelError.Reason) {
        guard entry.dtype.isFloatingPoint else {
            throw .notWeights(name: name, found: "holds \(entry.dtype.rawValue)")
        }
        // Extents of one may have any stride, others that repeat their numbers stand for less than they claim.
        guard entry.count <= entry.bytes.count / entry.dtype.size else {
            throw .notWeights(name: name, found: "repeats its numbers")
        }
    }

    /// The heads that a shape tells: columns of relative position tables, or JAX's kernels.
    var tableHeads: Int? {
        names.first { $0.hasSuffix("relative_position_bias_table") }.flatMap(shape)?.last ?? kernelHeads
    }

    /// Whether any tensor, or a part of it, is there.
    func has(_ canonical: String) -> Bool { sources[canonical] != nil }

    /// The shape that the tensor has, or would have with all its parts; nil where there is none.
    func shape(_ canonical: String) -> [Int]? {
        guard let first = sources[canonical]?.first else { return nil }
        guard let part = first.part, let rows = first.entry.shape.first else { return first.entry.shape }
        return [rows * part.count] + first.entry.shape.dropFirst()
    }

    /// Whether every part of the tensor is there. Of queries, keys and values any may do without a bias, if they do so in
    /// every block.
    func missingParts(of canonical: String) -> [String] {
        guard let found = sources[canonical] else { return [canonical] }
        guard let count = found.first?.part?.count else { return [] }
        let words = count == 3 ? ["query", "key", "value"] : ["gate", "up"]
        let isBias = canonical.hasPrefix("blocks.") && canonical.hasSuffix("qkv.bias"),
            needed = isBias ? biasedParts : Set(0..<count)
        return (0..<count).filter { index in needed.contains(index) && !found.contains { $0.part?.index == index } }
            .map { "\(canonical) (\(words[$0]))" }
    }

    /// Which of queries, keys and values have a bias in any block.
    private var biasedParts: Set<Int> {
        Set(
            names.filter { $0.hasPrefix("blocks.") && $0.hasSuffix("qkv.bias") }.flatMap { sources[$0] ?? [] }
                .compactMap { $0.part?.index })
    }

    /// Puts zeros in place of the keys' third of a bias.
    mutating func zeroKeyBias(_ canonical: some StringProtocol) throws(ModelError.Reason) {
        let name = String(canonical)
        guard let entry = try entry(name), entry.shape.count == 1, entry.count % 3 == 0 else { return }
        var numbers = entry.tensor().array
        for index in numbers.count / 3..<2 * numbers.count / 3 { numbers[index] = 0 }
        set(name, to: StateDict.Entry(Tensor(shape: entry.shape, numbers)))
    }

    /// The tensor: a view of the file, or its parts joined, which copies them. The parts must be there.
    func entry(_ canonical: String) throws(ModelError.Reason) -> StateDict.Entry? {
        guard let found = sources[canonical], let first = found.first else { return nil }
        guard let count = first.part?.count else { return first.entry }
        guard found.allSatisfy({ !$0.entry.shape.isEmpty }) else {
            throw .shape(name: first.name, expected: [1], found: [])
        }
        for other in found where other.entry.shape != first.entry.shape {
            throw .shape(name: other.name, expected: first.entry.shape, found: other.entry.shape)
        }
        let parts = (0..<count).map { index in
            found.first { $0.part?.index == index }?.entry.tensor() ?? Tensor.zeros(first.entry.shape)
        }
        return StateDict.Entry(Tensor.concatenating(parts))
    }

    /// Replaces the tensor.
    mutating func set(_ canonical: String, to entry: StateDict.Entry) {
        let name = sources[canonical]?.first?.name ?? canonical
        if sources[canonical] == nil { names.append(canonical) }
        sources[canonical] = [Source(name: name, part: nil, entry: entry)]
    }

    /// Takes the tensor away.
    mutating func remove(_ canonical: String) -> [Source] {
        names.removeAll { $0 == canonical }
        return sources.removeValue(forKey: canonical) ?? []
    }

    /// Names in the file of tensors of the network with a NaN or an infinity, in the file's order.
    var notFinite: [String] {
        names.flatMap { sources[$0] ?? [] }.filter { !$0.entry.isFinite }.map(\.name)
    }

    /// The name in the file of what became `canonical`.
    func fileName(_ canonical: String) -> String { sources[canonical]?.first?.name ?? canonical }
}

extension Placement.View {
    /// A shape of the right rank, for an error message.
    fileprivate var exampleShape: [Int] {
        switch self {
        case .asStored, .flat, .pixels: []
        case .transposed: [1, 1]
        case .headsLast, .headsFirst: [1, 1, 1]
        case .convolution: [1, 1, 1, 1]
        case .table: [1, 1, 1]
        case .pixelRows: [1, 3]
        }
    }
}
