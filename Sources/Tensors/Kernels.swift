import CKernels
public import Platform

/// The kernels on raw memory, for the facades of this module.
enum Kernels {
    static func gelu(_ x: UnsafeMutablePointer<Float>, count: Int) { gelu_forward(x, count) }
}

extension Tensor {
    /// Layer norm over the innermost extent: (x − mean) / √(variance + eps) · weight + bias.
    ///
    /// - Parameters:
    ///   - weight: (width).
    ///   - bias: (width).
    public func layerNorm(weight: Tensor, bias: Tensor, eps: Float, pool: ThreadPool) -> Tensor {
        let width = shape.last ?? 1
        precondition(weight.count == width && bias.count == width, "the norm does not fit \(shape)")
        return Tensor(shape: shape) { out in
            guard let target = out.baseAddress, width > 0 else { return }
            withPointers(self, weight, bias) { x, weight, bias in
                pool.parallelRanges(count / width, block: 64) { rows, _ in
                    let start = rows.lowerBound * width
                    layernorm_forward(target + start, nil, nil, x + start, weight, bias, eps, rows.count, width)
                }
            }
        }
    }

    /// SwiGLU: SiLU of the first half of each row times the second. (…, 2·hidden) → (…, hidden).
    public func swiGLU(pool: ThreadPool) -> Tensor {
        let width = (shape.last ?? 0) / 2
        return Tensor(shape: shape.dropLast() + [width]) { out in
            guard let target = out.baseAddress, width > 0 else { return }
            withUnsafeBufferPointer { x in
                pool.parallelRanges(count / (2 * width), block: 64) { rows, _ in
                    swiglu_forward(
                        target + rows.lowerBound * width, x.baseAddress! + rows.lowerBound * 2 * width, rows.count,
                        width)
                }
            }
        }
    }

    /// max(x, 0).
    public func relu() -> Tensor {
        var result = self
        result.withUnsafeMutableBufferPointer { if let x = $0.baseAddress { relu_forward(x, $0.count) } }
        return result
    }

    /// The pixels of each patch: (batch, channels, height, width) → (batch, patches, channels·patchSize²), ordered
    /// (channel, row, column) within a patch and row-major over the grid. What does not fill a patch is left out.
    public func patches(patchSize: Int, pool: ThreadPool) -> Tensor {
        precondition(shape.count == 4 && patchSize > 0, "images are (batch, channels, height, width)")
        let (batch, channels, rows, cols) = (shape[0], shape[1], shape[2] / patchSize, shape[3] / patchSize)
        precondition(
            rows * patchSize == shape[2] && cols * patchSize == shape[3], "\(shape) is no whole number of patches")
        let size = channels * patchSize * patchSize
        return Tensor(shape: [batch, rows * cols, size]) { out in
            guard let target = out.baseAddress else { return }
            withUnsafeBufferPointer { images in
                pool.parallelFor(batch) { image, _ in
                    patches_forward(
                        target + image * rows * cols * size,
                        images.baseAddress! + image * channels * shape[2] * shape[3],
                        channels, rows, cols, patchSize)
                }
            }
        }
    }

    /// The 3×3 neighbourhoods at stride 2, padding 1, of one image: (outRows·outCols, channels·9), ordered (channel,
    /// row, column).
    ///
    /// - Parameter channelsLast: whether this is (height, width, channels) instead of (channels, height, width).
    public func neighbourhoods(channelsLast: Bool) -> Tensor {
        precondition(shape.count == 3, "an image has three dimensions")
        let (channels, height, width) =
            channelsLast ? (shape[2], shape[0], shape[1]) : (shape[0], shape[1], shape[2])
        return Tensor(shape: [(height + 1) / 2 * ((width + 1) / 2), channels * 9]) { out in
            guard let target = out.baseAddress else { return }
            withUnsafeBufferPointer {
                neighbourhoods_forward(
                    target, $0.baseAddress!, channels, height, width, channelsLast ? 1 : height * width,
                    channelsLast ? channels : 1)
            }
        }
    }

    /// The tokens of a batch: the rows of `prefix`, then each patch token plus its position.
    ///
    /// - Parameters:
    ///   - prefix: (prefix tokens, width).
    ///   - positions: (patches, width), or nil.
    /// - Returns: (batch, prefix tokens + patches, width) for self (batch, patches, width).
    public func prependingTokens(_ prefix: Tensor, positions: Tensor?, pool: ThreadPool) -> Tensor {
        let (batch, patches, width) = (shape[0], shape[1], shape[2])
        precondition(prefix.shape.count == 2 && prefix.shape[1] == width, "prefix tokens have another width")
        precondition(positions.map { $0.count == patches * width } ?? true, "positions do not fit the patches")
        let tokens = prefix.shape[0] + patches
        return Tensor(shape: [batch, tokens, width]) { out in
            guard let target = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                prefix.withUnsafeBufferPointer { prefix in
                    positions.withOptionalPointer { positions in
                        pool.parallelFor(batch) { image, _ in
                            tokens_forward(
                                target + image * tokens * width, prefix.baseAddress!,
                                x.baseAddress! + image * patches * width, positions, tokens, tokens - patches, width)
                        }
                    }
                }
            }
        }
    }

    /// The mean over tokens `first`… of (batch, tokens, width): (batch, width).
    public func meanTokens(from first: Int) -> Tensor {
        precondition(shape.count == 3 && first >= 0 && first < shape[1], "no tokens to average")
        let (batch, tokens, width) = (shape[0], shape[1], shape[2])
        return Tensor(shape: [batch, width]) { out in
            guard let target = out.baseAddress else { return }
            withUnsafeBufferPointer { x in
                for image in 0..<batch {
                    mean_rows_forward(
                        target + image * width, x.baseAddress! + (image * tokens + first) * width, tokens - first, width
                    )
                }
            }
        }
    }

    /// Token `index` of each image of (batch, tokens, width): (batch, width).
    public func token(_ index: Int) -> Tensor {
        precondition(shape.count == 3 && index >= 0 && index < shape[1], "no such token")
        let (batch, tokens, width) = (shape[0], shape[1], shape[2])
        return Tensor(shape: [batch, width]) { out in
            withUnsafeBufferPointer { x in
                for image in 0..<batch {
                    for column in 0..<width {
                        out[image * width + column] = x[(image * tokens + index) * width + column]
                    }
                }
            }
        }
    }
}

extension Tensor? {
    /// Calls `body` with the numbers, or with nil where there are none.
    func withOptionalPointer<R>(_ body: (UnsafePointer<Float>?) -> R) -> R {
        if let self { self.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
    }
}
