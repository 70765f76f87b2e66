/// Numbers to read, and numbers to change.
typealias Source = UnsafePointer<Float>
typealias Target = UnsafeMutablePointer<Float>

/// Calls `body` with the numbers of two tensors.
func withPointers<R>(_ a: Tensor, _ b: Tensor, _ body: (Source, Source) -> R) -> R {
    a.withUnsafeBufferPointer { a in b.withUnsafeBufferPointer { b in body(a.baseAddress!, b.baseAddress!) } }
}

/// Calls `body` with the numbers of three tensors.
func withPointers<R>(_ a: Tensor, _ b: Tensor, _ c: Tensor, _ body: (Source, Source, Source) -> R) -> R {
    withPointers(a, b) { a, b in c.withUnsafeBufferPointer { body(a, b, $0.baseAddress!) } }
}

/// Calls `body` with the numbers of four tensors.
func withPointers<R>(
    _ a: Tensor, _ b: Tensor, _ c: Tensor, _ d: Tensor, _ body: (Source, Source, Source, Source) -> R
) -> R {
    withPointers(a, b, c) { a, b, c in d.withUnsafeBufferPointer { body(a, b, c, $0.baseAddress!) } }
}

extension Tensor {
    /// Calls `body` with the numbers to change.
    mutating func withPointer<R>(_ body: (Target) -> R) -> R {
        withUnsafeMutableBufferPointer { body($0.baseAddress!) }
    }
}

extension ParameterBuffer {
    /// Calls `body` with the numbers of `parameter`, or with nil where there is none.
    func withUnsafe<R>(_ parameter: Parameter?, _ body: (Source?) -> R) -> R {
        guard let parameter else { return body(nil) }
        return withUnsafe(parameter) { (numbers: Source) in body(numbers) }
    }

    /// Adds to the numbers of `parameters` what several threads have summed apart, part by part in order, so that sums
    /// repeat bit for bit.
    ///
    /// - Parameter partial: (parts, numbers of all parameters side by side).
    mutating func add(_ partial: Tensor, to parameters: [Parameter]) {
        let width = partial.shape[1]
        precondition(parameters.reduce(0) { $0 + $1.count } == width, "partial sums of another width")
        var first = 0
        for parameter in parameters {
            withUnsafeMutable(parameter) { target in
                partial.withUnsafeBufferPointer { partial in
                    for part in 0..<(partial.count / max(width, 1)) {
                        for index in 0..<parameter.count { target[index] += partial[part * width + first + index] }
                    }
                }
            }
            first += parameter.count
        }
    }
}
