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
        /// Whether the output is rounded to bf16, for a product in bf16 and for nobody else.
        public var roundsOutput: Bool

        public init(heads: [Int]?, queries: [Int]?, output: Bool, roundsOutput: Bool = false) {
            self.heads = heads
            self.queries = queries
            self.output = output
            self.roundsOutput = roundsOutput
        }
    }

    /// (batch, heads, queries, tokens), after the softmax, where heads were asked for.
    public let maps: Tensor?
    /// (batch, tokens, embedDim): the heads side by side, before the projection; where it was asked for.
    public let output: Tensor?
    /// The same where it was to be rounded.
    public let roundedOutput: RoundedTensor?

    /// - Parameters:
    ///   - qkv: (batch, tokens, 3·embedDim): queries, keys, values, each with the heads side by side. Rounded ones are
    ///     multiplied in bf16, which this processor then must not lack.
    ///   - bias: (numHeads, tokens, tokens), added to the scaled scores, or nil.
    public init(qkv: ProductInput, numHeads: Int, bias: Tensor?, wanted: Wanted, pool: ThreadPool) {
        let shape = qkv.shape
        precondition(shape.count == 3 && shape[2] % (3 * numHeads) == 0, "\(shape) is no fused projection")
        let tokens = shape[1]
        precondition(bias.map { $0.shape == [numHeads, tokens, tokens] } ?? true, "the bias does not fit the scores")
        precondition(wanted.heads?.allSatisfy { $0 >= 0 && $0 < numHeads } ?? true, "no such head")
        precondition(wanted.heads.map { Set($0).count == $0.count } ?? true, "a head is asked for twice")
        precondition(wanted.queries?.allSatisfy { $0 >= 0 && $0 < tokens } ?? true, "no such query")
        let pass = AttentionPass(shape: shape, numHeads: numHeads, wanted: wanted)
        maps = wanted.heads.map { heads in
            Tensor(shape: [pass.batch, heads.count, wanted.queries?.count ?? tokens, tokens], writing: { _ in })
        }
        let outputShape = [pass.batch, tokens, pass.embedDim]
        output = wanted.output && !wanted.roundsOutput ? Tensor(shape: outputShape, writing: { _ in }) : nil
        let (maps, output) = (self.maps, self.output)
        // Both are fresh and this initializer is their only owner, so writing through the pointers is safe.
        func withTargets(_ body: (_ bias: Source?, _ maps: Target?, _ output: Target?) -> Void) {
            bias.withOptionalPointer { bias in
                maps.withOptionalPointer { maps in
                    output.withOptionalPointer { output in
                        body(bias, Target(mutating: maps), Target(mutating: output))
                    }
                }
            }
        }
        switch qkv {
        case .exact(let qkv):
            precondition(!wanted.roundsOutput, "attention in f32 rounds nothing")
            roundedOutput = nil
            withTargets { bias, maps, output in
                qkv.withUnsafeBufferPointer { qkv in
                    guard let qkv = qkv.baseAddress else { return }
                    pass.run(qkv: qkv, bias: bias, maps: maps, output: output, pool: pool)
                }
            }
        case .rounded(let qkv):
            precondition(Precision.bf16.lacking == nil, "this processor has \(Precision.bf16.lacking ?? "")")
            func run(_ rounded: UnsafeMutablePointer<UInt16>?) {
                withTargets { bias, maps, output in
                    qkv.withUnsafePointer { qkv in
                        pass.run(qkv: qkv, bias: bias, maps: maps, output: output, rounded: rounded, pool: pool)
                    }
                }
            }
            if wanted.output, wanted.roundsOutput {
                roundedOutput = RoundedTensor(shape: outputShape) { run($0) }
            } else {
                roundedOutput = nil
                run(nil)
            }
        }
    }

    /// - Parameter precision: of both products; one that this processor does not lack.
    public init(
        qkv: Tensor, numHeads: Int, bias: Tensor?, wanted: Wanted, precision: Precision = .f32, pool: ThreadPool
    ) {
        self.init(
            qkv: precision == .bf16 ? .rounded(RoundedTensor(qkv, pool: pool)) : .exact(qkv), numHeads: numHeads,
            bias: bias, wanted: wanted, pool: pool)
    }
}
