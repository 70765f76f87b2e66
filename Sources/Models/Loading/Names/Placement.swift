import Tensors

/// What a tensor's name says about it.
package enum Placement {
    /// It is the canonical tensor, or one part of it, looked at in a certain way.
    case tensor(String, part: Part? = nil, view: View = .asStored)
    /// The network does not need it, because …
    case ignored(String)
    /// It belongs to the network by its name, and a plain Vision Transformer has no place for it.
    case stray
    /// Nothing is known about it.
    case unexpected

    /// A block of rows of a tensor that the network has as one.
    package struct Part: Sendable, Hashable {
        let index: Int
        let count: Int
    }

    /// How to look at a tensor so that it has the canonical shape.
    package enum View: Sendable {
        case asStored
        /// JAX's dense kernel (in, out).
        case transposed
        /// JAX's query, key and value kernels (in, heads, headDim).
        case headsLast
        /// JAX's output kernel (heads, headDim, out).
        case headsFirst
        /// JAX's convolution (rows, columns, in, out).
        case convolution
        /// Any shape, flattened.
        case flat
    }
}

extension Placement.Part {
    package static let query = Placement.Part(index: 0, count: 3)
    package static let key = Placement.Part(index: 1, count: 3)
    package static let value = Placement.Part(index: 2, count: 3)
    package static let gate = Placement.Part(index: 0, count: 2)
    package static let up = Placement.Part(index: 1, count: 2)
}

extension StateDict.Entry {
    /// The entry as `view` sees it, nil where its shape is none that the view expects. Nothing is copied but views of
    /// views that are not contiguous.
    func seen(as view: Placement.View) -> StateDict.Entry? {
        switch view {
        case .asStored: self
        case .transposed: shape.count == 2 ? permuted([1, 0]) : nil
        case .headsLast: shape.count == 3 ? reshaped([shape[0], shape[1] * shape[2]]).permuted([1, 0]) : nil
        case .headsFirst: shape.count == 3 ? reshaped([shape[0] * shape[1], shape[2]]).permuted([1, 0]) : nil
        case .convolution: shape.count == 4 ? permuted([3, 2, 0, 1]) : nil
        case .flat: reshaped([count])
        }
    }
}
