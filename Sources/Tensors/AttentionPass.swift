import CKernels
import COneDNN
import Platform

/// One pass over (image, head), each by one thread.
struct AttentionPass {
    let batch: Int
    let tokens: Int
    let embedDim: Int
    let headDim: Int
    let wanted: AttentionForward.Wanted
    /// The heads that are computed.
    let heads: [Int]
    /// For each head its position among the kept maps, or −1.
    private let slot: [Int]

    /// - Parameter shape: of the fused projection.
    init(shape: [Int], numHeads: Int, wanted: AttentionForward.Wanted) {
        batch = shape[0]
        tokens = shape[1]
        embedDim = shape[2] / 3
        headDim = embedDim / numHeads
        self.wanted = wanted
        heads = wanted.output ? Array(0..<numHeads) : (wanted.heads ?? [])
        var slot = [Int](repeating: -1, count: numHeads)
        for (index, head) in (wanted.heads ?? []).enumerated() { slot[head] = index }
        self.slot = slot
    }

    /// Where the numbers of one head of one image lie, as distances from the first.
    private struct Place {
        let qkv: Int
        let output: Int
        let bias: Int
        /// Nil where the head's map is not kept.
        let map: Int?
    }

    /// - Parameter size: how much memory `body` wants for itself, numbers.
    private func forEachHead(scratch size: Int, pool: ThreadPool, _ body: (_ place: Place, _ scratch: Target) -> Void) {
        guard !heads.isEmpty, batch > 0, tokens > 0 else { return }
        let keptHeads = wanted.heads?.count ?? 0, keptRows = wanted.queries?.count ?? tokens
        // A multiple of 16 numbers, because a thread's part begins on a boundary of 64 bytes.
        let stride = (size + 15) / 16 * 16
        var scratch = Tensor(shape: [pool.threads, stride], writing: { _ in })
        scratch.withPointer { scratch in
            pool.parallelFor(batch * heads.count) { index, thread in
                let (image, head) = (index / heads.count, heads[index % heads.count])
                let place = Place(
                    qkv: image * tokens * 3 * embedDim + head * headDim,
                    output: image * tokens * embedDim + head * headDim, bias: head * tokens * tokens,
                    map: slot[head] < 0 ? nil : (image * keptHeads + slot[head]) * keptRows * tokens)
                body(place, scratch + thread * stride)
            }
        }
    }

    private var scale: Float { 1 / Float(headDim).squareRoot() }
}

/// In f32, some queries at a time, so that the scores stay in the processor's cache and no map is stored where none is kept.
extension AttentionPass {
    /// Queries of an image that are scored at once at the most; fewer make the library bring keys and values into its order
    /// more often. Whichever maps are kept the cut is the same, because a product of other extents rounds otherwise.
    private static let queriesPerBlock = 256

    private var blocks: Int { (tokens + Self.queriesPerBlock - 1) / Self.queriesPerBlock }

    func run(qkv: Source, bias: Source?, maps: Target?, output: Target?, pool: ThreadPool) {
        let size = (tokens + blocks - 1) / blocks * tokens
        forEachHead(scratch: size, pool: pool) { place, scratch in
            for block in 0..<blocks {
                attend(
                    tokens * block / blocks..<tokens * (block + 1) / blocks, qkv + place.qkv,
                    bias: bias.map { $0 + place.bias }, map: maps.flatMap { maps in place.map.map { maps + $0 } },
                    output: output.map { $0 + place.output }, scratch: scratch)
            }
        }
    }

    /// Scores of every row of a block, also where a few are wanted: a row has the same bits whichever others are asked
    /// for.
    private func attend(
        _ rows: Range<Int>, _ qkv: Source, bias: Source?, map: Target?, output: Target?, scratch: Target
    ) {
        if output == nil, let queries = wanted.queries, !queries.contains(where: rows.contains) { return }
        // With every row wanted the scores are made where the map is kept; otherwise in scratch, and rows are copied.
        let first = rows.lowerBound
        let scores = wanted.queries == nil ? map.map { $0 + first * tokens } ?? scratch : scratch
        MatrixProduct(m: rows.count, n: tokens, k: headDim, alpha: scale).run(
            scores, qkv + first * 3 * embedDim, qkv + embedDim, transposes: (false, true), beta: 0,
            strides: (tokens, 3 * embedDim, 3 * embedDim))
        softmax_forward(scores, bias.map { $0 + first * tokens }, rows.count, tokens, tokens)
        if let map, let queries = wanted.queries {
            for (row, query) in queries.enumerated() where rows.contains(query) {
                (map + row * tokens).update(from: scores + (query - first) * tokens, count: tokens)
            }
        }
        guard let output else { return }
        MatrixProduct(m: rows.count, n: headDim, k: tokens).run(
            output + first * embedDim, scores, qkv + 2 * embedDim, transposes: (false, false), beta: 0,
            strides: (embedDim, tokens, 3 * embedDim))
    }
}

/// In bf16, a few queries at a time, so that no map is stored where none is kept. Every query is multiplied by itself, so
/// that those which nobody needs are left out.
extension AttentionPass {
    func run(
        qkv: UnsafePointer<UInt16>, bias: Source?, maps: Target?, output: Target?,
        rounded: UnsafeMutablePointer<UInt16>?, pool: ThreadPool
    ) {
        let row = rowOfQueries
        let queries = (0..<tokens).filter { wanted.output || row[$0] >= 0 }.compactMap { Int32(exactly: $0) }
        let rows = queries.compactMap { Int32(exactly: row[Int($0)]) }
        let none = [Int32](repeating: -1, count: queries.count)
        forEachHead(scratch: attention_bf16_scratch(tokens, headDim), pool: pool) { place, scratch in
            let map = maps.flatMap { maps in place.map.map { maps + $0 } }
            attention_bf16(
                output.map { $0 + place.output }, rounded.map { $0 + place.output }, map, qkv + place.qkv,
                bias.map { $0 + place.bias }, scale, queries, map == nil ? none : rows, scratch, queries.count,
                tokens, headDim, embedDim)
            // A query that is asked for twice has its row copied.
            guard let map, let asked = wanted.queries else { return }
            for (index, query) in asked.enumerated() where row[query] != index {
                (map + index * tokens).update(from: map + row[query] * tokens, count: tokens)
            }
        }
    }

    /// For each query its row in a kept map, or −1; the first one where it is asked for twice.
    private var rowOfQueries: [Int] {
        var row = [Int](repeating: -1, count: tokens)
        for (index, query) in (wanted.queries ?? Array(0..<tokens)).enumerated().reversed() { row[query] = index }
        return row
    }
}
