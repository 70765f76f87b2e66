import Platform
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
        /// A row (width), a table (rows, width), or a grid of it (1, rows, columns, width), as (1, rows, width).
        case table
        /// A convolution over pixels, or a patch's pixels as one row (out, rows · columns · channels), channels last, three
        /// of them.
        case pixelRows
        /// A convolution over pixels, or one over time (out, in, frames, rows, columns): an image is the same frame again
        /// and again.
        case pixels
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
        case .table:
            switch shape.count {
            case 1: reshaped([1, 1] + shape)
            case 2: reshaped([1] + shape)
            case 3: shape[0] == 1 ? self : nil
            case 4: shape[0] == 1 ? reshaped([1, shape[1] * shape[2], shape[3]]) : nil
            default: nil
            }
        case .pixelRows: shape.count == 4 ? self : pixelRows
        case .pixels: shape.count == 5 ? summingFrames : self
        }
    }

    /// (out, rows · columns · 3) as (out, 3, rows, columns), nil where the patch is no square.
    private var pixelRows: StateDict.Entry? {
        guard shape.count == 2, shape[1] % 3 == 0 else { return nil }
        guard let side = Int(rounding: Double(shape[1] / 3).squareRoot(), .down), side > 0, side * side * 3 == shape[1]
        else { return nil }
        return reshaped([shape[0], side, side, 3]).permuted([0, 3, 1, 2])
    }

    /// (out, in, frames, rows, columns) as (out, in, rows, columns).
    private var summingFrames: StateDict.Entry? {
        let (outer, frames, inner) = (shape[0] * shape[1], shape[2], shape[3] * shape[4])
        guard count > 0 else { return nil }
        let numbers = tensor().array
        var sums = [Float](repeating: 0, count: outer * inner)
        for index in 0..<outer {
            for frame in 0..<frames {
                for place in 0..<inner {
                    sums[index * inner + place] += numbers[(index * frames + frame) * inner + place]
                }
            }
        }
        return StateDict.Entry(Tensor(shape: [shape[0], shape[1], shape[3], shape[4]], sums))
    }
}
