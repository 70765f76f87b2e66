import COneDNN
import COpenBLAS
public import Platform

/// A linear layer ready to multiply: y = x·Wᵀ + b with W in the layout that this processor likes best.
///
/// The first extent of x counts images; what has two extents is one image. An image's numbers are the same bits whatever
/// stands beside it and however many threads there are; see `ProductBlocks`.
///
/// oneDNN multiplies; where it cannot, OpenBLAS does. A class because the packed memory has an identity; unchecked
/// because it never changes and the product may be taken from several threads at once.
public final class PackedLinear: @unchecked Sendable {
    /// Which library multiplies.
    public enum Backend: Sendable { case oneDNN, openBLAS }

    /// How a product is cut for the threads.
    public enum Cut: Sendable {
        /// By image, so that numbers repeat bit for bit.
        case byImage
        /// In as few pieces as there are threads, whose numbers depend on the batch: what speed is held against.
        case byThread
    }

    /// Width of x.
    public let inFeatures: Int
    /// Width of y.
    public let outFeatures: Int
    /// What is multiplied.
    public let precision: Precision
    private let packed: OpaquePointer?
    private let plain: Tensor?
    private let bias: Tensor?
    private let cut: Cut
    private let panelWidth: Int

    /// - Parameters:
    ///   - weight: (outFeatures, inFeatures).
    ///   - bias: (outFeatures), or nil.
    ///   - scale: (outFeatures): multiplies each output, layer scale folded in; or nil.
    ///   - precision: one that this processor does not lack; bf16 needs oneDNN.
    public init(
        weight: Tensor, bias: Tensor?, scale: Tensor? = nil, precision: Precision = .f32, backend: Backend = .oneDNN,
        cut: Cut = .byImage
    ) {
        precondition(weight.shape.count == 2, "a weight is a matrix")
        precondition(precision.lacking == nil, "this processor has \(precision.lacking ?? "")")
        self.precision = precision
        (outFeatures, inFeatures) = (weight.shape[0], weight.shape[1])
        precondition(bias.map { $0.count == weight.shape[0] } ?? true, "the bias does not fit the weight")
        var weight = weight, bias = bias
        if let scale {
            precondition(scale.count == weight.shape[0], "the scale does not fit the weight")
            weight = weight.scalingRows(by: scale)
            bias = bias?.scalingRows(by: scale)
        }
        self.bias = bias
        self.cut = cut
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        let width = cut == .byImage ? ProductBlocks.panelWidth(outputs: rows, precision: precision) : max(rows, 1)
        panelWidth = width
        packed =
            backend == .openBLAS
            ? nil
            : weight.withUnsafeBufferPointer {
                onednn_linear_create(
                    $0.baseAddress, Int64(rows), Int64(columns), Int64(width), Int32(precision.format.rawValue))
            }
        precondition(packed != nil || precision == .f32, "oneDNN packs no weight of \(rows)×\(columns) in bf16")
        plain = packed == nil ? weight : nil
    }

    deinit { if let packed { onednn_linear_destroy(packed) } }

    /// Memory it holds, bytes.
    public var byteCount: Int {
        (packed.map { Int(onednn_linear_bytes($0)) } ?? plain?.byteCount ?? 0) + (bias?.byteCount ?? 0)
    }

    /// What happens to the product before it is stored.
    public enum Activation: Sendable { case none, gelu }

    /// y for `x` (…, inFeatures): (…, outFeatures).
    public func forward(_ x: ProductInput, activation: Activation = .none, pool: ThreadPool) -> Tensor {
        Tensor(shape: outputShape(x)) { y in
            multiply(
                x, to: UnsafeMutableRawPointer(y.baseAddress),
                epilogue: activation == .gelu ? ONEDNN_GELU : ONEDNN_STORE, pool: pool)
        }
    }

    /// y for `x` (…, inFeatures): (…, outFeatures).
    public func forward(_ x: Tensor, activation: Activation = .none, pool: ThreadPool) -> Tensor {
        forward(.exact(x), activation: activation, pool: pool)
    }

    /// y rounded to bf16, of a layer in bf16.
    public func rounded(_ x: ProductInput, pool: ThreadPool) -> RoundedTensor {
        precondition(precision == .bf16, "a layer in f32 rounds nothing")
        return RoundedTensor(shape: outputShape(x)) { multiply(x, to: $0, epilogue: ONEDNN_ROUND, pool: pool) }
    }

    /// Adds the product for `x` (…, inFeatures) to `sum` (…, outFeatures): a residual branch.
    public func accumulate(_ x: ProductInput, into sum: inout Tensor, pool: ThreadPool) {
        precondition(sum.count * inFeatures == x.count * outFeatures, "\(x.shape) does not add to \(sum.shape)")
        sum.withUnsafeMutableBufferPointer {
            multiply(x, to: UnsafeMutableRawPointer($0.baseAddress), epilogue: ONEDNN_ACCUMULATE, pool: pool)
        }
    }

    /// Adds the product for `x` (…, inFeatures) to `sum` (…, outFeatures): a residual branch.
    public func accumulate(_ x: Tensor, into sum: inout Tensor, pool: ThreadPool) {
        accumulate(.exact(x), into: &sum, pool: pool)
    }

    private func outputShape(_ x: ProductInput) -> [Int] { x.shape.dropLast() + [outFeatures] }

    private func multiply(
        _ x: ProductInput, to y: UnsafeMutableRawPointer?, epilogue: onednn_epilogue, pool: ThreadPool
    ) {
        precondition(x.shape.last == inFeatures, "\(x.shape) does not multiply with \(inFeatures) input features")
        let rows = Rows(of: x.shape)
        switch (precision, x) {
        case (.f32, .exact(let x)):
            x.withUnsafeBufferPointer {
                multiply(UnsafeRawPointer($0.baseAddress), rows, to: y, epilogue: epilogue, pool: pool)
            }
        case (.f32, .rounded): preconditionFailure("a layer in f32 reads no rounded numbers")
        case (.bf16, let x):
            x.rounded(pool: pool).withUnsafePointer {
                multiply(UnsafeRawPointer($0), rows, to: y, epilogue: epilogue, pool: pool)
            }
        }
    }

    /// How many rows there are, and of how many images.
    struct Rows {
        let images: Int
        let count: Int

        init(of shape: [Int]) {
            count = shape.dropLast().reduce(1, *)
            images = shape.count > 2 ? shape[0] : 1
        }
    }

    private func multiply(
        _ source: UnsafeRawPointer?, _ rows: Rows, to target: UnsafeMutableRawPointer?, epilogue: onednn_epilogue,
        pool: ThreadPool
    ) {
        guard rows.count > 0, let target, let source else { return }
        let size = epilogue == ONEDNN_ROUND ? 2 : 4
        switch cut {
        case .byImage:
            forEachPiece(rows, pool: pool) { range, panel, _ in
                multiply(
                    source, range, panel,
                    to: target + (range.lowerBound * outFeatures + panel * panelWidth) * size, stride: outFeatures,
                    epilogue: epilogue)
            }
        case .byThread:
            let parts = min(rows.count, rows.count >= 512 * pool.threads ? 2 * pool.threads : pool.threads)
            pool.parallelFor(parts) { part, _ in
                let range = rows.count * part / parts..<rows.count * (part + 1) / parts
                multiply(
                    source, range, 0, to: target + range.lowerBound * outFeatures * size, stride: outFeatures,
                    epilogue: epilogue)
            }
        }
    }

    /// Calls `body` with some rows and a panel, for all of them.
    func forEachPiece(_ rows: Rows, pool: ThreadPool, _ body: (_ rows: Range<Int>, _ panel: Int, _ thread: Int) -> Void)
    {
        guard rows.count > 0 else { return }
        let panels = (outFeatures + panelWidth - 1) / panelWidth
        let blocks = ProductBlocks(images: rows.images, rows: rows.count / rows.images, panels: panels)
        pool.parallelFor(blocks.count) { index, thread in
            let piece = blocks.piece(index)
            body(piece.rows, piece.panel, thread)
        }
    }

    /// The outputs of a panel.
    func columns(of panel: Int) -> Range<Int> { panel * panelWidth..<min((panel + 1) * panelWidth, outFeatures) }

    /// - Parameters:
    ///   - source: (…, inFeatures) in the layer's precision.
    ///   - range: the rows that are multiplied.
    ///   - target: the columns of `panel` of these rows, `stride` numbers apart.
    func multiply(
        _ source: UnsafeRawPointer, _ range: Range<Int>, _ panel: Int, to target: UnsafeMutableRawPointer, stride: Int,
        epilogue: onednn_epilogue
    ) {
        let source = source + range.lowerBound * inFeatures * precision.byteCount, columns = columns(of: panel)
        bias.withOptionalPointer { bias in
            let bias = bias.map { $0 + columns.lowerBound }
            guard let packed else {
                multiplyPlain(
                    source.assumingMemoryBound(to: Float.self), range.count, columns,
                    to: target.assumingMemoryBound(to: Float.self), stride: stride, bias: bias, epilogue: epilogue)
                return
            }
            let status = onednn_linear_forward(
                packed, Int64(panel), target, Int64(stride), source, bias, Int64(range.count),
                Int32(epilogue.rawValue))
            precondition(
                status == 0, "oneDNN refused a product of \(range.count)×\(inFeatures)×\(outFeatures): \(status)")
        }
    }

    /// The same by OpenBLAS, for `rows` rows and these columns.
    private func multiplyPlain(
        _ source: UnsafePointer<Float>, _ rows: Int, _ columns: Range<Int>, to target: UnsafeMutablePointer<Float>,
        stride: Int, bias: UnsafePointer<Float>?, epilogue: onednn_epilogue
    ) {
        plain?.withUnsafeBufferPointer { weight in
            guard let weight = weight.baseAddress else { return }
            for row in 0..<rows {
                for column in 0..<columns.count {
                    let start = bias?[column] ?? 0
                    target[row * stride + column] =
                        epilogue == ONEDNN_ACCUMULATE ? target[row * stride + column] + start : start
                }
            }
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns.count), Int32(inFeatures), 1,
                source, Int32(inFeatures), weight + columns.lowerBound * inFeatures, Int32(inFeatures), 1, target,
                Int32(stride))
            guard epilogue == ONEDNN_GELU else { return }
            for row in 0..<rows { Kernels.gelu(target + row * stride, count: columns.count) }
        }
    }
}

extension Precision {
    fileprivate var format: onednn_format { self == .bf16 ? ONEDNN_BF16 : ONEDNN_F32 }

    /// Bytes of a number.
    fileprivate var byteCount: Int { self == .bf16 ? 2 : 4 }
}

extension Tensor {
    /// Each row multiplied by its number in `scale`.
    fileprivate func scalingRows(by scale: Tensor) -> Tensor {
        let width = count / max(shape[0], 1)
        var scaled = self
        scaled.withUnsafeMutableBufferPointer { numbers in
            scale.withUnsafeBufferPointer { scale in
                for row in scale.indices { for column in 0..<width { numbers[row * width + column] *= scale[row] } }
            }
        }
        return scaled
    }
}
