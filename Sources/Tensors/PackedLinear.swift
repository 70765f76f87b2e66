import COneDNN
import COpenBLAS
public import Platform

/// A linear layer ready to multiply: y = x·Wᵀ + b with W in the layout that this processor likes best.
///
/// oneDNN multiplies; where it cannot, OpenBLAS does. A class because the packed memory has an identity; unchecked
/// because it never changes and the product may be taken from several threads at once.
public final class PackedLinear: @unchecked Sendable {
    /// Which library multiplies.
    public enum Backend: Sendable { case oneDNN, openBLAS }

    /// Width of x.
    public let inFeatures: Int
    /// Width of y.
    public let outFeatures: Int
    private let packed: OpaquePointer?
    private let plain: Tensor?
    private let bias: Tensor?

    /// - Parameters:
    ///   - weight: (outFeatures, inFeatures).
    ///   - bias: (outFeatures), or nil.
    ///   - scale: (outFeatures): multiplies each output, layer scale folded in; or nil.
    public init(weight: Tensor, bias: Tensor?, scale: Tensor? = nil, backend: Backend = .oneDNN) {
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
        let (rows, columns) = (weight.shape[0], weight.shape[1])
        packed =
            backend == .openBLAS
            ? nil
            : weight.withUnsafeBufferPointer { onednn_linear_create($0.baseAddress, Int64(rows), Int64(columns), 0) }
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
        x.withUnsafeBufferPointer { source in
            guard let source = source.baseAddress else { return }
            withBias { bias in
                pool.parallelRanges(rows, smallest: 256) { range, _ in
                    multiply(
                        source + range.lowerBound * inFeatures, to: target + range.lowerBound * outFeatures,
                        rows: range.count, bias: bias, epilogue: epilogue)
                }
            }
        }
    }

    private func multiply(
        _ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, rows: Int,
        bias: UnsafePointer<Float>?, epilogue: onednn_epilogue
    ) {
        if let packed {
            let status = onednn_linear_forward(packed, target, source, bias, Int64(rows), Int32(epilogue.rawValue))
            precondition(status == 0, "oneDNN refused a product of \(rows)×\(inFeatures)×\(outFeatures): \(status)")
            return
        }
        plain?.withUnsafeBufferPointer { weight in
            for row in 0..<rows {
                for column in 0..<outFeatures {
                    let start = bias?[column] ?? 0
                    target[row * outFeatures + column] =
                        epilogue == ONEDNN_ACCUMULATE ? target[row * outFeatures + column] + start : start
                }
            }
            cblas_sgemm(
                CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(outFeatures), Int32(inFeatures), 1, source,
                Int32(inFeatures), weight.baseAddress, Int32(inFeatures), 1, target, Int32(outFeatures))
            if epilogue == ONEDNN_GELU { Kernels.gelu(target, count: rows * outFeatures) }
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
        return [("onednn", oneDNN), ("openblas", openBLAS)]
    }

    /// Makes the libraries work with so many threads when the calling thread calls them: one where a `ThreadPool`
    /// splits the work. Every pool passes it as `prepare`, and its caller calls it once.
    public static func prepareThread(libraryThreads: Int = 1) {
        onednn_prepare_thread(Int32(clamping: libraryThreads))
        openblas_set_num_threads(1)
    }
}
