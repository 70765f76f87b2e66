import CKernels
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

/// In f32, some queries at a time, so that the scores stay in the processor's cache and no map is stored where none is
/// kept. A row has the same bits whichever others are computed.
extension AttentionPass {
    /// Scores that are held at once, more or less: 128 KiB.
    private static let scoresAtOnce = 32_768

    /// Queries that are scored at once.
    private var queriesAtOnce: Int { min(tokens, max(6, Self.scoresAtOnce / tokens / 6 * 6)) }

    func run(qkv: Source, bias: Source?, maps: Target?, output: Target?, pool: ThreadPool) {
        let keys = Panel.count(rows: headDim, columns: tokens)
        let values = output == nil ? 0 : Panel.count(rows: tokens, columns: headDim)
        forEachHead(scratch: keys + values + queriesAtOnce * tokens, pool: pool) { place, scratch in
            let qkv = qkv + place.qkv
            let head = Head(
                queries: qkv,
                keys: Panel(
                    qkv + embedDim, rows: headDim, columns: tokens, stride: 3 * embedDim, transposes: true, at: scratch),
                bias: bias.map { $0 + place.bias }, map: maps.flatMap { maps in place.map.map { maps + $0 } },
                scores: scratch + keys + values)
            guard let output else { return keepRows(head) }
            let panel = Panel(
                qkv + 2 * embedDim, rows: tokens, columns: headDim, stride: 3 * embedDim, transposes: false,
                at: scratch + keys)
            for first in stride(from: 0, to: tokens, by: queriesAtOnce) {
                attend(
                    first..<min(first + queriesAtOnce, tokens), head, values: panel,
                    output: output + place.output)
            }
        }
    }

    /// One head of one image.
    private struct Head {
        let queries: Source
        let keys: Panel
        let bias: Source?
        let map: Target?
        /// Where scores go whose map is not kept.
        let scores: Target
    }

    /// The softmax of the scores of some queries, at `target`.
    private func score(_ rows: Range<Int>, _ head: Head, at target: Target) {
        head.keys.multiply(
            head.queries + rows.lowerBound * 3 * embedDim, count: rows.count, into: target,
            strides: (tokens, 3 * embedDim, 1), scale: scale)
        softmax_forward(target, head.bias.map { $0 + rows.lowerBound * tokens }, rows.count, tokens, tokens)
    }

    /// The rows that are kept, where nothing else is needed.
    private func keepRows(_ head: Head) {
        guard let map = head.map else { return }
        guard let queries = wanted.queries else { return score(0..<tokens, head, at: map) }
        for (row, query) in queries.enumerated() { score(query..<query + 1, head, at: map + row * tokens) }
    }

    private func attend(_ rows: Range<Int>, _ head: Head, values: Panel, output: Target) {
        // With every row wanted the scores are made where the map is kept; otherwise apart, and rows are copied.
        let first = rows.lowerBound
        let scores = wanted.queries == nil ? head.map.map { $0 + first * tokens } ?? head.scores : head.scores
        score(rows, head, at: scores)
        if let map = head.map, let queries = wanted.queries {
            for (row, query) in queries.enumerated() where rows.contains(query) {
                (map + row * tokens).update(from: scores + (query - first) * tokens, count: tokens)
            }
        }
        values.multiply(
            scores, count: rows.count, into: output + first * embedDim, strides: (embedDim, tokens, 1))
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
