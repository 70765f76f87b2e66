import CKernels
public import Platform

/// Multi-head self-attention on the way back.
public enum AttentionBackward {
    /// The gradient at the fused projection, (batch, tokens, 3·embedDim).
    ///
    /// - Parameters:
    ///   - dOutput: at the heads side by side, (batch, tokens, embedDim).
    ///   - qkv: (batch, tokens, 3·embedDim): what `AttentionForward` was given.
    ///   - maps: (batch, numHeads, tokens, tokens): all of its maps.
    ///   - dBias: (numHeads, tokens, tokens): the gradient at the bias on the scores is added, where there is one.
    ///   - precision: of the products; one that this processor does not lack.
    public static func run(
        dOutput: Tensor, qkv: Tensor, maps: Tensor, dBias: inout Tensor?, precision: Precision = .f32, pool: ThreadPool
    ) -> Tensor {
        let (batch, tokens, embedDim) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
        let numHeads = maps.shape[1], square = tokens * tokens
        precondition(maps.shape == [batch, numHeads, tokens, tokens], "maps do not fit \(qkv.shape)")
        precondition(dOutput.count == batch * tokens * embedDim, "\(dOutput.shape) is no gradient of attention")
        // One head of some images is one thread's work, in the order of the images: the gradient at the bias is a sum
        // over images that repeats bit for bit.
        let parts = max(min(4, batch), 1)
        let wantsBias = dBias != nil
        var partial = Tensor.zeros([wantsBias ? parts : 0, wantsBias ? numHeads * square : 0])
        let head = HeadBackward(
            tokens: tokens, embedDim: embedDim, headDim: embedDim / numHeads, precision: precision)
        let scratch = Tensor(shape: [pool.threads, head.scratch], writing: { _ in })
        let dQKV = Tensor(shape: qkv.shape) { dQKV in
            guard let dQKV = dQKV.baseAddress else { return }
            withPointers(dOutput, qkv, maps, scratch) { dOutput, qkv, maps, scratch in
                partial.withUnsafeMutableBufferPointer { partial in
                    pool.parallelFor(numHeads * parts) { index, thread in
                        let (number, part) = (index / parts, index % parts)
                        let column = number * head.headDim
                        for image in batch * part / parts..<batch * (part + 1) / parts {
                            head.run(
                                dQKV: dQKV + image * tokens * 3 * embedDim + column,
                                dOutput: dOutput + image * tokens * embedDim + column,
                                qkv: qkv + image * tokens * 3 * embedDim + column,
                                map: maps + (image * numHeads + number) * square,
                                scratch: Target(mutating: scratch) + thread * head.scratch,
                                dBias: partial.baseAddress.flatMap {
                                    wantsBias ? $0 + (part * numHeads + number) * square : nil
                                })
                        }
                    }
                }
            }
        }
        if wantsBias {
            for part in 0..<parts { dBias?.add(partial.part(part).reshaped([numHeads, tokens, tokens])) }
        }
        return dQKV
    }

    /// The gradient at the maps after softmax, (batch, numHeads, tokens, tokens): dP = dO·Vᵀ.
    ///
    /// - Parameters:
    ///   - dOutput: at the heads side by side, (batch, tokens, embedDim).
    ///   - qkv: (batch, tokens, 3·embedDim): what `AttentionForward` was given.
    public static func atMaps(dOutput: Tensor, qkv: Tensor, numHeads: Int, pool: ThreadPool) -> Tensor {
        let (batch, tokens, embedDim) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
        precondition(dOutput.count == batch * tokens * embedDim, "\(dOutput.shape) is no gradient of attention")
        let headDim = embedDim / numHeads
        return Tensor(shape: [batch, numHeads, tokens, tokens]) { target in
            guard let target = target.baseAddress else { return }
            let size = Panel.count(rows: headDim, columns: tokens)
            let scratch = Tensor(shape: [pool.threads, size], writing: { _ in })
            withPointers(dOutput, qkv, scratch) { dOutput, qkv, scratch in
                pool.parallelFor(batch * numHeads) { map, thread in
                    let (image, head) = (map / numHeads, map % numHeads)
                    let values = Panel(
                        qkv + image * tokens * 3 * embedDim + 2 * embedDim + head * headDim, rows: headDim,
                        columns: tokens, stride: 3 * embedDim, transposes: true,
                        at: Target(mutating: scratch) + thread * size)
                    values.multiply(
                        dOutput + image * tokens * embedDim + head * headDim, count: tokens,
                        into: target + map * tokens * tokens, strides: (tokens, embedDim, 1))
                }
            }
        }
    }
}

/// One head of one image: dV = Pᵀ·dO, dP = dO·Vᵀ, dS = P ⊙ (dP − rowsum(dP ⊙ P)), dQ = dS·K/√d, dK = dSᵀ·Q/√d.
private struct HeadBackward {
    let tokens: Int
    let embedDim: Int
    let headDim: Int
    let precision: Precision

    /// Numbers of a map, rounded up so that what follows begins on a boundary of 64 bytes.
    private var square: Int { (tokens * tokens + 15) / 16 * 16 }

    /// Memory that it wants for itself, numbers: a map, beside it a panel, or in bf16 what is rounded, two in the place of
    /// one.
    var scratch: Int {
        switch precision {
        case .f32:
            square + max(Panel.count(rows: headDim, columns: tokens), Panel.count(rows: tokens, columns: headDim))
        case .bf16: square + square / 2 + 2 * tokens * headDim
        }
    }

    func run(dQKV: Target, dOutput: Source, qkv: Source, map: Source, scratch: Target, dBias: Target?) {
        switch precision {
        case .f32: runExact(dQKV: dQKV, dOutput: dOutput, qkv: qkv, map: map, scratch: scratch, dBias: dBias)
        case .bf16: runRounded(dQKV: dQKV, dOutput: dOutput, qkv: qkv, map: map, scratch: scratch, dBias: dBias)
        }
    }

    /// The same with products of rounded numbers: the map, dO, Q, K, V and dS/√d.
    private func runRounded(
        dQKV: Target, dOutput: Source, qkv: Source, map: Source, scratch: Target, dBias: Target?
    ) {
        let wide = 3 * embedDim, part = tokens * headDim
        let halves = UnsafeMutableRawPointer(scratch + square).assumingMemoryBound(to: UInt16.self)
        let dO = halves + square, q = dO + part, k = q + part, v = k + part
        for row in 0..<tokens {
            bf16_forward(dO + row * headDim, dOutput + row * embedDim, headDim)
            for (index, target) in [q, k, v].enumerated() {
                bf16_forward(target + row * headDim, qkv + row * wide + index * embedDim, headDim)
            }
        }
        bf16_forward(halves, map, tokens * tokens)
        let inner = RoundedProduct(m: tokens, n: headDim, k: tokens)
        inner.run(
            dQKV + 2 * embedDim, halves, dO, transposes: (true, false), accumulates: false,
            strides: (wide, tokens, headDim))
        RoundedProduct(m: tokens, n: tokens, k: headDim).run(
            scratch, dO, v, transposes: (false, true), accumulates: false, strides: (tokens, headDim, headDim))
        softmax_backward(scratch, dBias, map, tokens, tokens)
        bf16_scaled(halves, scratch, 1 / Float(headDim).squareRoot(), tokens * tokens)
        inner.run(
            dQKV, halves, k, transposes: (false, false), accumulates: false, strides: (wide, tokens, headDim))
        inner.run(
            dQKV + embedDim, halves, q, transposes: (true, false), accumulates: false,
            strides: (wide, tokens, headDim))
    }

    private func runExact(
        dQKV: Target, dOutput: Source, qkv: Source, map: Source, scratch: Target, dBias: Target?
    ) {
        let wide = 3 * embedDim, scale = 1 / Float(headDim).squareRoot(), memory = scratch + square
        /// A panel of one head's rows; there is one at a time.
        func panel(_ rows: Source, stride: Int) -> Panel {
            Panel(rows, rows: tokens, columns: headDim, stride: stride, transposes: false, at: memory)
        }
        // Columns of a square matrix are its rows read with the strides changed round.
        panel(dOutput, stride: embedDim).multiply(
            map, count: tokens, into: dQKV + 2 * embedDim, strides: (wide, 1, tokens))
        Panel(
            qkv + 2 * embedDim, rows: headDim, columns: tokens, stride: wide, transposes: true, at: memory
        ).multiply(dOutput, count: tokens, into: scratch, strides: (tokens, embedDim, 1))
        softmax_backward(scratch, dBias, map, tokens, tokens)
        panel(qkv + embedDim, stride: wide).multiply(
            scratch, count: tokens, into: dQKV, strides: (wide, tokens, 1), scale: scale)
        panel(qkv, stride: wide).multiply(
            scratch, count: tokens, into: dQKV + embedDim, strides: (wide, 1, tokens), scale: scale)
    }
}
