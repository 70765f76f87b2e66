public import Platform

/// The named arrays of a checkpoint, in the file's order, still in the file's memory and number format.
///
/// Nothing is converted before somebody asks for it, so a mapped file is read once, straight to where its numbers go.
public struct StateDict: Sendable {
    /// One named array: a strided view of bytes.
    public struct Entry: Sendable {
        public let dtype: DType
        /// Extents, outermost first.
        public let shape: [Int]
        /// Steps in elements, one for each extent; never negative.
        public let strides: [Int]
        /// From the first element on, at least to the last.
        public let bytes: Bytes

        /// A contiguous array.
        public init(dtype: DType, shape: [Int], bytes: Bytes) {
            var strides = [Int](repeating: 1, count: shape.count)
            for axis in shape.indices.dropLast().reversed() {
                strides[axis] = strides[axis + 1] * max(shape[axis + 1], 1)
            }
            self.init(dtype: dtype, shape: shape, strides: strides, bytes: bytes)
        }

        /// A strided view. `bytes` must reach to the last element.
        public init(dtype: DType, shape: [Int], strides: [Int], bytes: Bytes) {
            precondition(shape.count == strides.count && strides.allSatisfy { $0 >= 0 }, "strides do not fit the shape")
            let count = Tensor.count(of: shape)
            if count > 0 {
                let last = zip(shape, strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
                precondition((last + 1) * dtype.size <= bytes.count, "the view reaches beyond its bytes")
            }
            self.dtype = dtype
            self.shape = shape
            self.strides = strides
            self.bytes = bytes
        }

        /// The numbers of `tensor`.
        public init(_ tensor: Tensor) { self.init(dtype: .f32, shape: tensor.shape, bytes: tensor.littleEndianBytes) }

        /// How many numbers there are.
        public var count: Int { Tensor.count(of: shape) }

        /// Whether the numbers lie one after another, row-major.
        public var isContiguous: Bool {
            var step = 1
            for (extent, stride) in zip(shape, strides).reversed() {
                if extent != 1 && stride != step { return false }
                step *= max(extent, 1)
            }
            return true
        }

        /// The numbers as 32-bit floats.
        public func tensor() -> Tensor { Tensor(shape: shape) { copyFloats(to: $0) } }

        /// The same numbers in another shape of the same count; a view that is not contiguous is copied first.
        public func reshaped(_ shape: [Int]) -> Entry {
            precondition(Tensor.count(of: shape) == count, "\(self.shape) does not reshape to \(shape)")
            return isContiguous ? Entry(dtype: dtype, shape: shape, bytes: bytes) : Entry(tensor().reshaped(shape))
        }

        /// Dimensions in another order: axis i of the result is axis `order[i]` of this. Nothing is copied.
        public func permuted(_ order: [Int]) -> Entry {
            precondition(order.sorted() == Array(shape.indices), "\(order) is no order of \(shape.count) axes")
            return Entry(dtype: dtype, shape: order.map { shape[$0] }, strides: order.map { strides[$0] }, bytes: bytes)
        }
    }

    /// The names, in the file's order.
    public private(set) var names: [String] = []
    private var entries: [ExactText: Entry] = [:]

    public init() {}

    /// Whether there is nothing.
    public var isEmpty: Bool { names.isEmpty }

    /// The array called `name`, to the byte. Setting nil removes it; a new name goes to the end.
    public subscript(name: String) -> Entry? {
        get { entries[ExactText(name)] }
        set {
            let key = ExactText(name)
            if entries[key] == nil, newValue != nil { names.append(name) }
            if newValue == nil, entries[key] != nil { names.removeAll { ExactText($0) == key } }
            entries[key] = newValue
        }
    }
}
