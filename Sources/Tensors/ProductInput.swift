import Platform

/// What a linear layer reads.
public enum ProductInput: Sendable {
    case exact(Tensor)
    /// For layers in bf16 alone.
    case rounded(RoundedTensor)

    /// The extents, outermost first.
    public var shape: [Int] {
        switch self {
        case .exact(let tensor): tensor.shape
        case .rounded(let tensor): tensor.shape
        }
    }

    /// How many numbers there are.
    var count: Int { Tensor.count(of: shape) }

    /// The numbers in bf16.
    func rounded(pool: ThreadPool) -> RoundedTensor {
        switch self {
        case .exact(let tensor): RoundedTensor(tensor, pool: pool)
        case .rounded(let tensor): tensor
        }
    }
}
