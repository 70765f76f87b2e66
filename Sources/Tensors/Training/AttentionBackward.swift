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
    public static func run(
        dOutput: Tensor, qkv: Tensor, maps: Tensor, dBias: inout Tensor?, pool: ThreadPool
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
        let scratch = Tensor(shape: [pool.threads, square], writing: { _ in })
        let head = HeadBackward(tokens: tokens, embedDim: embedDim, headDim: embedDim / numHeads)
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
                                scratch: Target(mutating: scratch) + thread * square,
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
            withPointers(dOutput, qkv, qkv, qkv) { dOutput, qkv, _, _ in
                pool.parallelFor(batch * numHeads) { map, _ in
                    let (image, head) = (map / numHeads, map % numHeads)
                    MatrixProduct(m: tokens, n: tokens, k: headDim).run(
                        target + map * tokens * tokens, dOutput + image * tokens * embedDim + head * headDim,
                        qkv + image * tokens * 3 * embedDim + 2 * embedDim + head * headDim,
                        transposes: (false, true), beta: 0, strides: (tokens, embedDim, 3 * embedDim))
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

    func run(dQKV: Target, dOutput: Source, qkv: Source, map: Source, scratch: Target, dBias: Target?) {
        let wide = 3 * embedDim, scale = 1 / Float(headDim).squareRoot()
        let inner = MatrixProduct(m: tokens, n: headDim, k: tokens)
        inner.run(
            dQKV + 2 * embedDim, map, dOutput, transposes: (true, false), beta: 0, strides: (wide, tokens, embedDim))
        MatrixProduct(m: tokens, n: tokens, k: headDim).run(
            scratch, dOutput, qkv + 2 * embedDim, transposes: (false, true), beta: 0,
            strides: (tokens, embedDim, wide))
        softmax_backward(scratch, dBias, map, tokens, tokens)
        let scaled = MatrixProduct(m: tokens, n: headDim, k: tokens, alpha: scale)
        scaled.run(dQKV, scratch, qkv + embedDim, transposes: (false, false), beta: 0, strides: (wide, tokens, wide))
        scaled.run(dQKV + embedDim, scratch, qkv, transposes: (true, false), beta: 0, strides: (wide, tokens, wide))
    }
}
