import CKernels
import COneDNN
public import Platform

/// Multi-head self-attention on the fused projection, with nothing kept that was not asked for.
public struct AttentionForward: Sendable {
    /// What to hand back besides the output.
    public struct Wanted: Sendable {
        /// Heads whose maps are kept, in order; nil for none.
        public var heads: [Int]?
        /// Query tokens whose rows are kept, in order; nil for all.
        public var queries: [Int]?
        /// Whether attention times values is needed.
        public var output: Bool

        public init(heads: [Int]?, queries: [Int]?, output: Bool) {
            self.heads = heads
            self.queries = queries
            self.output = output
        }
    }

    /// (batch, heads, queries, tokens), after the softmax, where heads were asked for.
    public let maps: Tensor?
    /// (batch, tokens, embedDim): the heads side by side, before the projection; where it was asked for.
    public let output: Tensor?

    /// - Parameters:
    ///   - qkv: (batch, tokens, 3·embedDim): queries, keys, values, each with the heads side by side.
    ///   - bias: (numHeads, tokens, tokens), added to the scaled scores, or nil.
    ///   - precision: of both products; one that this processor does not lack.
    public init(
        qkv: Tensor, numHeads: Int, bias: Tensor?, wanted: Wanted, precision: Precision = .f32, pool: ThreadPool
    ) {
        precondition(qkv.shape.count == 3 && qkv.shape[2] % (3 * numHeads) == 0, "\(qkv.shape) is no fused projection")
        let tokens = qkv.shape[1]
        precondition(bias.map { $0.shape == [numHeads, tokens, tokens] } ?? true, "the bias does not fit the scores")
        precondition(wanted.heads?.allSatisfy { $0 >= 0 && $0 < numHeads } ?? true, "no such head")
        precondition(wanted.heads.map { Set($0).count == $0.count } ?? true, "a head is asked for twice")
        precondition(wanted.queries?.allSatisfy { $0 >= 0 && $0 < tokens } ?? true, "no such query")
        precondition(precision.lacking == nil, "this processor has \(precision.lacking ?? "")")
        let pass = Pass(qkv: qkv, numHeads: numHeads, wanted: wanted, precision: precision)
        output = wanted.output ? Tensor(shape: [pass.batch, tokens, pass.embedDim], writing: { _ in }) : nil
        maps = wanted.heads.map { heads in
            Tensor(shape: [pass.batch, heads.count, wanted.queries?.count ?? tokens, tokens], writing: { _ in })
        }
        // Both are fresh and this initializer is their only owner, so writing through the pointers is safe.
        qkv.withUnsafeBufferPointer { qkv in
            bias.withOptionalPointer { bias in
                maps.withOptionalPointer { maps in
                    output.withOptionalPointer { output in
                        pass.run(
                            qkv: qkv.baseAddress!, bias: bias, maps: UnsafeMutablePointer(mutating: maps),
                            output: UnsafeMutablePointer(mutating: output), pool: pool)
                    }
                }
            }
        }
    }
}

/// One pass over (image, head), each by one thread. In bf16 a few queries at a time, so that no map is stored where none
/// is kept.
private struct Pass {
    let batch: Int
    let tokens: Int
    let embedDim: Int
    let headDim: Int
    let wanted: AttentionForward.Wanted
    let precision: Precision
    /// The heads that are computed.
    let heads: [Int]
    /// For each head its position among the kept maps, or −1.
    let slot: [Int]
    /// For each query its row in a kept map, or −1.
    let row: [Int]
    /// In bf16, where every query is multiplied by itself: those that are needed, and their rows in a kept map, or −1.
    let queries: [Int32]
    let queryRows: [Int32]

    init(qkv: Tensor, numHeads: Int, wanted: AttentionForward.Wanted, precision: Precision) {
        batch = qkv.shape[0]
        tokens = qkv.shape[1]
        embedDim = qkv.shape[2] / 3
        headDim = embedDim / numHeads
        self.wanted = wanted
        self.precision = precision
        heads = wanted.output ? Array(0..<numHeads) : (wanted.heads ?? [])
        var slot = [Int](repeating: -1, count: numHeads)
        for (index, head) in (wanted.heads ?? []).enumerated() { slot[head] = index }
        self.slot = slot
        let tokens = tokens
        var row = [Int](repeating: -1, count: tokens)
        if let queries = wanted.queries {
            for (index, query) in queries.enumerated().reversed() { row[query] = index }
        } else {
            row = Array(0..<tokens)
        }
        self.row = row
        queries = (0..<tokens).filter { wanted.output || row[$0] >= 0 }.compactMap { Int32(exactly: $0) }
        queryRows = queries.compactMap { Int32(exactly: row[Int($0)]) }
    }

    func run(
        qkv: UnsafePointer<Float>, bias: UnsafePointer<Float>?, maps: UnsafeMutablePointer<Float>?,
        output: UnsafeMutablePointer<Float>?, pool: ThreadPool
    ) {
        guard !heads.isEmpty, batch > 0, tokens > 0 else { return }
        let kept = (heads: wanted.heads?.count ?? 0, queries: wanted.queries?.count ?? tokens)
        let size =
            precision == .bf16
            ? attention_bf16_scratch(tokens, headDim) : tokens * tokens
        // A multiple of 16 numbers, because a thread's part begins on a boundary of 64 bytes.
        let stride = (size + 15) / 16 * 16
        var scratch = Tensor(shape: [pool.threads, stride], writing: { _ in })
        scratch.withUnsafeMutableBufferPointer { scratch in
            guard let scratch = scratch.baseAddress else { return }
            pool.parallelFor(batch * heads.count) { index, thread in
                let (image, head) = (index / heads.count, heads[index % heads.count])
                let place = maps.flatMap { maps in
                    slot[head] < 0 ? nil : maps + (image * kept.heads + slot[head]) * kept.queries * tokens
                }
                let part = Head(
                    qkv: qkv + image * tokens * 3 * embedDim + head * headDim,
                    bias: bias.map { $0 + head * tokens * tokens }, map: place,
                    output: output.map { $0 + image * tokens * embedDim + head * headDim },
                    scratch: scratch + thread * stride)
                switch precision {
                case .f32: attend(part, 0..<tokens)
                case .bf16: attendRounded(part)
                }
            }
        }
    }

    /// Where one head of one image reads and writes.
    private struct Head {
        let qkv: UnsafePointer<Float>
        let bias: UnsafePointer<Float>?
        let map: UnsafeMutablePointer<Float>?
        let output: UnsafeMutablePointer<Float>?
        let scratch: UnsafeMutablePointer<Float>
    }

    private func attend(_ head: Head, _ block: Range<Int>) {
        // With every row wanted the scores are made where the map is kept; otherwise in scratch, and rows are copied.
        let whole = wanted.queries == nil ? head.map : nil
        let scores = whole.map { $0 + block.lowerBound * tokens } ?? head.scratch
        check(
            onednn_sgemm(
                scores, head.qkv + block.lowerBound * 3 * embedDim, head.qkv + embedDim, CChar(78), CChar(84),
                Int64(block.count), Int64(tokens), Int64(headDim), scale, 0, Int64(3 * embedDim),
                Int64(3 * embedDim), Int64(tokens)))
        softmax_forward(scores, head.bias.map { $0 + block.lowerBound * tokens }, block.count, tokens, tokens)
        if let map = head.map, let queries = wanted.queries {
            for (row, query) in queries.enumerated() where block.contains(query) {
                (map + row * tokens).update(from: scores + (query - block.lowerBound) * tokens, count: tokens)
            }
        }
        guard let output = head.output else { return }
        check(
            onednn_sgemm(
                output + block.lowerBound * embedDim, scores, head.qkv + 2 * embedDim, CChar(78), CChar(78),
                Int64(block.count), Int64(headDim), Int64(tokens), 1, 0, Int64(tokens), Int64(3 * embedDim),
                Int64(embedDim)))
    }

    private func attendRounded(_ head: Head) {
        let rows = head.map == nil ? [Int32](repeating: -1, count: queries.count) : queryRows
        attention_bf16(
            head.output, head.map, head.qkv, head.bias, scale, queries, rows, head.scratch, queries.count, tokens,
            headDim, embedDim)
        // A query that is asked for twice has its row copied.
        guard let map = head.map, let asked = wanted.queries else { return }
        for (index, query) in asked.enumerated() where row[query] != index {
            (map + index * tokens).update(from: map + row[query] * tokens, count: tokens)
        }
    }

    private var scale: Float { 1 / Float(headDim).squareRoot() }

    private func check(_ status: Int32) {
        precondition(status == 0, "oneDNN refused a product of attention: \(status)")
    }
}
