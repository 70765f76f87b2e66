import CKernels
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
    private let packed: OpaquePointer?
    private let plain: Tensor?
    private let bias: Tensor?
    private let cut: Cut
    private let panelWidth: Int

    /// - Parameters:
    ///   - weight: (outFeatures, inFeatures).
    ///   - bias: (outFeatures), or nil.
    ///   - scale: (outFeatures): multiplies each output, layer scale folded in; or nil.
    public init(
        weight: Tensor, bias: Tensor?, scale: Tensor? = nil, backend: Backend = .oneDNN, cut: Cut = .byImage
    ) {
        precondition(weight.shape.count == 2, "a weight is a matrix")
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
        let width = cut == .byImage ? ProductBlocks.panelWidth(outputs: rows) : max(rows, 1)
        panelWidth = width
        packed =
            backend == .openBLAS
            ? nil
            : weight.withUnsafeBufferPointer {
                onednn_linear_create($0.baseAddress, Int64(rows), Int64(columns), Int64(width))
            }
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
    public func forward(_ x: Tensor, activation: Activation = .none, pool: ThreadPool) -> Tensor {
        let shape = x.shape.dropLast() + [outFeatures]
        return Tensor(shape: Array(shape)) { y in
            multiply(x, to: y, epilogue: activation == .gelu ? ONEDNN_GELU : ONEDNN_STORE, pool: pool)
        }
    }

    /// Adds the product for `x` (…, inFeatures) to `sum` (…, outFeatures): a residual branch.
    public func accumulate(_ x: Tensor, into sum: inout Tensor, pool: ThreadPool) {
        precondition(sum.count * inFeatures == x.count * outFeatures, "\(x.shape) does not add to \(sum.shape)")
        sum.withUnsafeMutableBufferPointer { multiply(x, to: $0, epilogue: ONEDNN_ACCUMULATE, pool: pool) }
    }

    private func multiply(
        _ x: Tensor, to y: UnsafeMutableBufferPointer<Float>, epilogue: onednn_epilogue, pool: ThreadPool
    ) {
        precondition(x.shape.last == inFeatures, "\(x.shape) does not multiply with \(inFeatures) input features")
        let rows = x.count / max(inFeatures, 1)
        guard rows > 0, let target = y.baseAddress else { return }
        let panels = (outFeatures + panelWidth - 1) / panelWidth
        x.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            withBias { bias in
                let multiply = { (range: Range<Int>, panel: Int) in
                    self.multiply(
                        source + range.lowerBound * self.inFeatures, to: target + range.lowerBound * self.outFeatures,
                        rows: range.count, panel: panel, bias: bias, epilogue: epilogue)
                }
                switch cut {
                case .byImage:
                    let images = x.shape.count > 2 ? x.shape[0] : 1
                    let blocks = ProductBlocks(images: images, rows: rows / images, panels: panels)
                    pool.parallelFor(blocks.count) { index, _ in
                        let piece = blocks.piece(index)
                        multiply(piece.rows, piece.panel)
                    }
                case .byThread:
                    let parts = min(rows, rows >= 512 * pool.threads ? 2 * pool.threads : pool.threads)
                    pool.parallelFor(parts) { part, _ in
                        multiply(rows * part / parts..<rows * (part + 1) / parts, 0)
                    }
                }
            }
        }
    }

    /// - Parameters:
    ///   - source: (rows, inFeatures).
    ///   - target: (rows, outFeatures), of which the columns of `panel` are written.
    private func multiply(
        _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, rows: Int, panel: Int,
        bias: UnsafePointer<Float>?, epilogue: onednn_epilogue
    ) {
        if let packed {
            let status = onednn_linear_forward(
                packed, Int64(panel), target, source, bias, Int64(rows), Int32(epilogue.rawValue))
            precondition(status == 0, "oneDNN refused a product of \(rows)×\(inFeatures)×\(outFeatures): \(status)")
            return
        }
        let columns = panel * panelWidth..<min((panel + 1) * panelWidth, outFeatures)
        plain?.withUnsafeBufferPointer { weight in
            guard let weight = weight.baseAddress else { return }
            for row in 0..<rows {
                for column in columns {
                    let start = bias?[column] ?? 0
                    target[row * outFeatures + column] =
                        epilogue == ONEDNN_ACCUMULATE ? target[row * outFeatures + column] + start : start
                }
            }
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(columns.count), Int32(inFeatures), 1,
                source, Int32(inFeatures), weight + columns.lowerBound * inFeatures, Int32(inFeatures), 1,
                target + columns.lowerBound, Int32(outFeatures))
            guard epilogue == ONEDNN_GELU else { return }
            for row in 0..<rows {
                Kernels.gelu(target + row * outFeatures + columns.lowerBound, count: columns.count)
            }
        }
    }

    private func withBias(_ body: (UnsafePointer<Float>?) -> Void) {
        if let bias { bias.withUnsafeBufferPointer { body($0.baseAddress) } } else { body(nil) }
    }
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

/// What the machine's libraries are, for `/v1` and `version`.
public enum NumericLibraries {
    /// Versions by name.
    public static var versions: [(name: String, version: String)] {
        var text = [CChar](repeating: 0, count: 32)
        onednn_version(&text, text.count)
        let oneDNN = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let openBLAS = openblas_get_config().map { String(cString: $0) } ?? "unknown"
        return [("onednn", oneDNN), ("openblas", openBLAS), ("kernels", kernelLevel)]
    }

    /// The instructions that our own kernels use. `ONEDNN_MAX_CPU_ISA` bounds them as it bounds oneDNN's.
    private static var kernelLevel: String {
        switch kernels_level() {
        case 4: "x86-64-v4"
        case 3: "x86-64-v3"
        case 1: "x86-64"
        default: "generic"
        }
    }

    /// Makes the libraries work with so many threads when the calling thread calls them: one where a `ThreadPool`
    /// splits the work. Every pool passes it as `prepare`, and its caller calls it once.
    public static func prepareThread(libraryThreads: Int = 1) {
        onednn_prepare_thread(Int32(clamping: libraryThreads))
        openblas_set_num_threads(1)
    }
}
