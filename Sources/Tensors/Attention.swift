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
    public init(qkv: Tensor, numHeads: Int, bias: Tensor?, wanted: Wanted, pool: ThreadPool) {
        precondition(qkv.shape.count == 3 && qkv.shape[2] % (3 * numHeads) == 0, "\(qkv.shape) is no fused projection")
        let tokens = qkv.shape[1]
        precondition(bias.map { $0.shape == [numHeads, tokens, tokens] } ?? true, "the bias does not fit the scores")
        precondition(wanted.heads?.allSatisfy { $0 >= 0 && $0 < numHeads } ?? true, "no such head")
        precondition(wanted.heads.map { Set($0).count == $0.count } ?? true, "a head is asked for twice")
        precondition(wanted.queries?.allSatisfy { $0 >= 0 && $0 < tokens } ?? true, "no such query")
        let pass = Pass(qkv: qkv, numHeads: numHeads, wanted: wanted)
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

/// One pass over (image, head), each by one thread.
private struct Pass {
    let batch: Int
    let tokens: Int
    let embedDim: Int
    let headDim: Int
    let numHeads: Int
    let wanted: AttentionForward.Wanted
    /// For each head its position among the kept maps, or −1.
    let slot: [Int]

    init(qkv: Tensor, numHeads: Int, wanted: AttentionForward.Wanted) {
        batch = qkv.shape[0]
        tokens = qkv.shape[1]
        embedDim = qkv.shape[2] / 3
        headDim = embedDim / numHeads
        self.numHeads = numHeads
        self.wanted = wanted
        var slot = [Int](repeating: -1, count: numHeads)
        for (index, head) in (wanted.heads ?? []).enumerated() { slot[head] = index }
        self.slot = slot
    }

    func run(
        qkv: UnsafePointer<Float>, bias: UnsafePointer<Float>?, maps: UnsafeMutablePointer<Float>?,
        output: UnsafeMutablePointer<Float>?, pool: ThreadPool
    ) {
        let heads = wanted.output ? Array(0..<numHeads) : (wanted.heads ?? [])
        guard !heads.isEmpty, batch > 0, tokens > 0 else { return }
        let scratch = Tensor(shape: [pool.threads, tokens * tokens], writing: { _ in })
        scratch.withUnsafeBufferPointer { scratch in
            let base = UnsafeMutablePointer(mutating: scratch.baseAddress!)
            pool.parallelFor(batch * heads.count) { index, thread in
                let (image, head) = (index / heads.count, heads[index % heads.count])
                let place = maps.flatMap { maps in
                    slot[head] < 0
                        ? nil
                        : maps + (image * (wanted.heads?.count ?? 0) + slot[head]) * (wanted.queries?.count ?? tokens)
                            * tokens
                }
                attend(
                    Head(
                        qkv: qkv + image * tokens * 3 * embedDim + head * headDim,
                        bias: bias.map { $0 + head * tokens * tokens }, map: place,
                        output: output.map { $0 + image * tokens * embedDim + head * headDim },
                        scratch: base + thread * tokens * tokens))
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

    /// Scores of every row, also where a few are wanted: a row has the same bits whichever others are asked for, and
    /// the scores are little beside the layers before them.
    private func attend(_ head: Head) {
        // With every row wanted the scores are made where the map is kept; otherwise in scratch, and rows are copied.
        let scores = wanted.queries == nil ? head.map ?? head.scratch : head.scratch
        multiplyQueriesAndKeys(head.qkv, to: scores)
        softmax_forward(scores, head.bias, tokens, tokens, tokens)
        if let map = head.map, let queries = wanted.queries {
            for (row, query) in queries.enumerated() {
                (map + row * tokens).update(from: scores + query * tokens, count: tokens)
            }
        }
        guard let output = head.output else { return }
        check(
            onednn_sgemm(
                output, scores, head.qkv + 2 * embedDim, CChar(78), CChar(78), Int64(tokens), Int64(headDim),
                Int64(tokens), 1, 0, Int64(tokens), Int64(3 * embedDim), Int64(embedDim)))
    }

    private func multiplyQueriesAndKeys(_ qkv: UnsafePointer<Float>, to scores: UnsafeMutablePointer<Float>) {
        check(
            onednn_sgemm(
                scores, qkv, qkv + embedDim, CChar(78), CChar(84), Int64(tokens), Int64(tokens), Int64(headDim),
                1 / Float(headDim).squareRoot(), 0, Int64(3 * embedDim), Int64(3 * embedDim), Int64(tokens)))
    }

    private func check(_ status: Int32) {
        precondition(status == 0, "oneDNN refused a product of attention: \(status)")
    }
}
