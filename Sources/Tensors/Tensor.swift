public import Platform

/// Numbers in a shape: contiguous 32-bit floats, row-major, with value semantics.
///
/// A shape may be empty (one number) and an extent may be zero (no numbers). Copies share memory until one of them is
/// written to.
public struct Tensor: Sendable {
    /// The extents, outermost first.
    public let shape: [Int]
    /// How many numbers there are: the product of `shape`.
    public let count: Int
    private var buffer: FloatBuffer

    private init(shape: [Int], uninitialized: Void) {
        self.shape = shape
        count = Tensor.count(of: shape)
        buffer = FloatBuffer(count: count)
    }

    /// A tensor whose numbers `body` writes, all of them.
    public init(shape: [Int], writing body: (UnsafeMutableBufferPointer<Float>) throws -> Void) rethrows {
        self.init(shape: shape, uninitialized: ())
        try body(UnsafeMutableBufferPointer(start: buffer.pointer, count: count))
    }

    /// A tensor of `numbers`, whose count must be the product of `shape`.
    public init(shape: [Int], _ numbers: [Float]) {
        self.init(shape: shape, uninitialized: ())
        precondition(numbers.count == count, "\(numbers.count) numbers do not fill the shape \(shape)")
        numbers.withUnsafeBufferPointer {
            if let source = $0.baseAddress { buffer.pointer.update(from: source, count: count) }
        }
    }

    /// The little-endian numbers in `bytes`, as many as fill `shape`: where they lie, if that is well placed,
    /// otherwise copied.
    public init(shape: [Int], littleEndian bytes: Bytes) {
        precondition(bytes.count == Tensor.count(of: shape) * 4, "\(bytes.count) bytes do not fill the shape \(shape)")
        if let buffer = FloatBuffer(in: bytes) {
            self.init(shape: shape, buffer: buffer)
        } else {
            self = StateDict.Entry(dtype: .f32, shape: shape, bytes: bytes).tensor()
        }
    }

    /// A tensor in which every number is `value`.
    public init(shape: [Int], repeating value: Float) {
        self.init(shape: shape, uninitialized: ())
        buffer.pointer.update(repeating: value, count: count)
    }

    /// A tensor of zeros.
    public static func zeros(_ shape: [Int]) -> Tensor { Tensor(shape: shape, repeating: 0) }

    /// How many numbers fill `shape`. Extents must not be negative, and the product must fit.
    public static func count(of shape: [Int]) -> Int {
        shape.reduce(1) { product, extent in
            precondition(extent >= 0, "a shape has no negative extent: \(shape)")
            let (count, overflow) = product.multipliedReportingOverflow(by: extent)
            precondition(!overflow, "the shape \(shape) is too large")
            return count
        }
    }

    /// The same numbers in another shape of the same count.
    public func reshaped(_ shape: [Int]) -> Tensor {
        precondition(Tensor.count(of: shape) == count, "\(self.shape) does not reshape to \(shape)")
        return Tensor(shape: shape, buffer: buffer)
    }

    private init(shape: [Int], buffer: FloatBuffer) {
        self.shape = shape
        count = Tensor.count(of: shape)
        self.buffer = buffer
    }

    /// The numbers, copied, row-major.
    public var array: [Float] { withUnsafeBufferPointer { Array($0) } }

    /// The number at row-major position `index`.
    public subscript(flat index: Int) -> Float {
        get {
            precondition(index >= 0 && index < count, "tensor index out of bounds")
            return buffer.pointer[index]
        }
        set {
            precondition(index >= 0 && index < count, "tensor index out of bounds")
            makeUnique()
            buffer.pointer[index] = newValue
        }
    }

    /// The number at `indices`, one for each extent.
    public subscript(indices: Int...) -> Float {
        get { self[flat: offset(of: indices)] }
        set { self[flat: offset(of: indices)] = newValue }
    }

    private func offset(of indices: [Int]) -> Int {
        precondition(indices.count == shape.count, "\(indices.count) indices for the shape \(shape)")
        return zip(indices, shape).reduce(0) { offset, pair in
            precondition(pair.0 >= 0 && pair.0 < pair.1, "index \(indices) outside the shape \(shape)")
            return offset * pair.1 + pair.0
        }
    }

    /// The part at `index` of the outermost extent, copied: a tensor of one dimension less.
    public func part(_ index: Int) -> Tensor { rows(index..<index + 1).reshaped(Array(shape.dropFirst())) }

    /// The parts in `range` of the outermost extent, copied.
    public func rows(_ range: Range<Int>) -> Tensor {
        precondition(!shape.isEmpty && range.lowerBound >= 0 && range.upperBound <= shape[0], "rows outside the shape")
        let size = shape.dropFirst().reduce(1, *)
        return Tensor(shape: [range.count] + shape.dropFirst()) { target in
            if let base = target.baseAddress {
                base.update(from: buffer.pointer + range.lowerBound * size, count: range.count * size)
            }
        }
    }

    /// Tensors of equal inner shape, one after another along the outermost extent.
    public static func concatenating(_ tensors: [Tensor]) -> Tensor {
        precondition(!tensors.isEmpty, "nothing to concatenate")
        let inner = tensors[0].shape.dropFirst()
        precondition(tensors.allSatisfy { !$0.shape.isEmpty && $0.shape.dropFirst() == inner }, "inner shapes differ")
        return Tensor(shape: [tensors.reduce(0) { $0 + $1.shape[0] }] + inner) { target in
            var offset = 0
            for tensor in tensors {
                if let base = target.baseAddress {
                    (base + offset).update(from: tensor.buffer.pointer, count: tensor.count)
                }
                offset += tensor.count
            }
        }
    }

    /// Tensors of one shape as a tensor with one more, outermost extent.
    public static func stacking(_ tensors: [Tensor]) -> Tensor {
        concatenating(tensors.map { $0.reshaped([1] + $0.shape) })
    }

    /// The two innermost dimensions exchanged.
    public func transposed() -> Tensor {
        precondition(shape.count == 2, "only matrices are transposed")
        let (rows, columns) = (shape[0], shape[1])
        return Tensor(shape: [columns, rows]) { target in
            for row in 0..<rows {
                for column in 0..<columns { target[column * rows + row] = buffer.pointer[row * columns + column] }
            }
        }
    }

    /// Each number changed by `transform`.
    public func map(_ transform: (Float) -> Float) -> Tensor {
        Tensor(shape: shape) { target in for index in 0..<count { target[index] = transform(buffer.pointer[index]) } }
    }

    /// The mean of all numbers, summed in double precision.
    public var mean: Double { withUnsafeBufferPointer { $0.reduce(0) { $0 + Double($1) } } / Double(max(count, 1)) }

    /// Whether every number is finite.
    public var isFinite: Bool { withUnsafeBufferPointer { $0.allSatisfy(\.isFinite) } }

    /// The numbers as little-endian bytes, as NPY files and safetensors hold them.
    public var littleEndianBytes: Bytes {
        // Every processor that Swift runs on here is little-endian. Who writes to a tensor whose memory is shared copies it
        // first, so nobody changes what is seen.
        Bytes(viewing: UnsafeRawBufferPointer(start: buffer.pointer, count: count * 4), of: buffer)
    }

    /// Memory held, bytes.
    public var byteCount: Int { count * 4 }

    /// The numbers to read, without any unsafe word.
    public var span: Span<Float> {
        @_lifetime(borrow self)
        borrowing get {
            let span = Span(_unsafeStart: UnsafePointer(buffer.pointer), count: count)
            return _overrideLifetime(span, borrowing: self)
        }
    }

    /// Calls `body` with the numbers to read.
    public func withUnsafeBufferPointer<R, E: Error>(_ body: (UnsafeBufferPointer<Float>) throws(E) -> R) throws(E) -> R
    {
        try body(UnsafeBufferPointer(start: buffer.pointer, count: count))
    }

    /// Calls `body` with the numbers to change.
    public mutating func withUnsafeMutableBufferPointer<R, E: Error>(
        _ body: (UnsafeMutableBufferPointer<Float>) throws(E) -> R
    ) throws(E) -> R {
        makeUnique()
        return try body(UnsafeMutableBufferPointer(start: buffer.pointer, count: count))
    }

    private mutating func makeUnique() {
        guard buffer.isReadOnly || !isKnownUniquelyReferenced(&buffer) else { return }
        let copy = FloatBuffer(count: count)
        copy.pointer.update(from: buffer.pointer, count: count)
        buffer = copy
    }

    /// Calls `body`, which does the same over and over, such as the steps of a training: what a step frees, up to a quarter
    /// of the machine's memory, is kept for the next, because fresh pages cost a zeroing each.
    public static func recyclingMemory<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        Recycler.shared.setBudget(max(Machine.memoryBytes / 4, Recycler.usualBudget))
        defer {
            Recycler.shared.setBudget(Recycler.usualBudget)
            releaseRecycledMemory()
        }
        return try body()
    }

    /// Gives each tensor of 16 KiB and more pages of its own from here on, which go back to the system with it.
    ///
    /// For a process that keeps many values of tens of kilobytes among allocations that come and go: in one heap, what is
    /// freed between them leaves holes a little too small for the next, half as much as what is kept. What libraries take
    /// for the time of a product stays in the heap, because it comes thousands of times a second and fresh pages are dear.
    public static func mapMemory() { Recycler.shared.mapBlocks() }

    /// Frees the memory kept for tensors to come, for the moment after something large has gone.
    public static func releaseRecycledMemory() {
        Recycler.shared.empty()
        Machine.trimMemory()
    }
}

extension Tensor: Equatable {
    /// Whether shapes and numbers are the same; NaN differs from itself.
    public static func == (a: Tensor, b: Tensor) -> Bool { a.shape == b.shape && a.array == b.array }
}

extension Tensor {
    /// The numbers, read as having `shape`, with the dimensions in another order: axis i of the result is axis
    /// `order[i]` of `shape`.
    public func permuted(_ order: [Int], of shape: [Int]) -> Tensor {
        StateDict.Entry(reshaped(shape)).permuted(order).tensor()
    }
}
