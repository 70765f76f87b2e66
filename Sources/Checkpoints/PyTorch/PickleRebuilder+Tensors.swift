import Platform
import Tensors

extension PickleRebuilder {
    /// The tensor that a call of one of PyTorch's rebuilding functions makes.
    mutating func tensor(_ known: KnownGlobal, _ arguments: [Ref], _ call: Call) throws(CheckpointError)
        -> StateDict.Entry
    {
        switch known {
        case .tensorV1 where arguments.count == 4: return try view(arguments, dtype: nil, call)
        case .tensorV2 where arguments.count == 6 || arguments.count == 7:
            let tensor = try view(arguments, dtype: nil, call)
            try checkGradient(arguments[4], of: tensor, call)
            return tensor
        case .tensorV3 where arguments.count == 7 || arguments.count == 8:
            guard case .global(let name) = made(arguments[6]), case .dtype(let dtype) = KnownGlobal(name) else {
                throw call.fault
            }
            guard let dtype else { throw .unsupportedTensor(kind: name, byte: call.byte) }
            let tensor = try view(arguments, dtype: dtype, call)
            try checkGradient(arguments[4], of: tensor, call)
            return tensor
        case .parameter where arguments.count >= 3:
            guard let tensor = value(arguments[0]).tensor else { throw call.fault }
            try checkGradient(arguments[1], of: tensor, call)
            return tensor
        case .fromTypeV2 where arguments.count == 4:
            // (function, class, arguments, state): the class and its state do not change the numbers.
            guard case .global(let name) = made(arguments[0]), let inner = KnownGlobal(name),
                let innerArguments = graph.tuple(arguments[2])
            else { throw call.fault }
            switch inner {
            case .tensorV1, .tensorV2, .tensorV3, .parameter: return try tensor(inner, innerArguments, call)
            default: throw .unsupportedTensor(kind: name, byte: call.byte)
            }
        default: throw call.fault
        }
    }

    /// `requires_grad` is true or false, and true of numbers with fractions alone, as PyTorch has it.
    private func checkGradient(_ ref: Ref, of tensor: StateDict.Entry, _ call: Call) throws(CheckpointError) {
        guard let requiresGradient = value(ref).bool, !requiresGradient || tensor.dtype.isFloatingPoint else {
            throw call.fault
        }
    }

    /// `(storage, offset, size, stride, …)`: a strided view of a storage, checked against it.
    private mutating func view(_ arguments: [Ref], dtype: DType?, _ call: Call) throws(CheckpointError)
        -> StateDict.Entry
    {
        guard arguments.count >= 4, case .storage(let index) = made(arguments[0]), let offset = value(arguments[1]).int,
            let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count,
            storages.indices.contains(index)
        else { throw call.fault }
        let storage = graph.storages[index], bytes = storages[index]
        guard storage.isUntyped == (dtype != nil) else { throw call.fault }
        let dtype = dtype ?? storage.dtype
        guard let size = Extents.byteCount(shape, size: dtype.size) else {
            throw .badShape(tensor: "the tensor at byte \(call.byte)", shape: shape)
        }
        guard offset >= 0, strides.allSatisfy({ $0 >= 0 }) else { throw .negativeStride(byte: call.byte) }
        let present = bytes.count / dtype.size
        guard size > 0 else {
            guard offset <= present else {
                throw .storageOutOfBounds(needed: offset, present: present, byte: call.byte)
            }
            return StateDict.Entry(dtype: dtype, shape: shape, bytes: Bytes([]))
        }
        var last = 0
        for (extent, stride) in zip(shape, strides) {
            guard let step = (extent - 1).times(stride), let next = last.plus(step) else {
                throw .storageOutOfBounds(needed: Int.max, present: present, byte: call.byte)
            }
            last = next
        }
        guard let end = last.plus(1)?.plus(offset), end <= present else {
            throw .storageOutOfBounds(needed: last.plus(offset) ?? Int.max, present: present, byte: call.byte)
        }
        try claim(bytes: size, at: call.byte)
        // `end` elements are there, so these products fit.
        guard let part = bytes.slice(at: offset * dtype.size, count: (last + 1) * dtype.size) else { throw call.fault }
        // The stride of an axis of one element has no meaning and may be anything.
        let plain = Extents.strides(shape)
        let steps = shape.indices.map { shape[$0] == 1 ? plain[$0] : strides[$0] }
        return StateDict.Entry(dtype: dtype, shape: shape, strides: steps, bytes: part)
    }
}
