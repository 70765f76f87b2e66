public import Tensors

/// Where attention goes beside the patches: the shares that the class token and registers receive.
public struct AttentionShares: Sendable, Equatable {
    /// From patches to the class token, mean over the patches: (images, heads). NaN without a class token.
    public let patchesToClass: HeadValues
    /// From patches to registers and other prefix tokens, all together: (images, heads). NaN without any.
    public let patchesToRegisters: HeadValues
    /// From the class token to itself: (images, heads). NaN without a class token.
    public let classToClass: HeadValues

    /// - Parameter attention: (batch, heads, tokens, tokens), after the softmax.
    public init(_ attention: Tensor, layout: TokenLayout) {
        let shape = attention.shape
        precondition(
            shape.count == 4 && shape[2] == layout.numTokens && shape[3] == layout.numTokens,
            "these are not whole maps: \(shape)")
        let (images, heads, tokens) = (shape[0], shape[1], shape[3]), span = attention.span
        let hasClass = layout.classToken && layout.numPrefixTokens > 0
        let registers = (hasClass ? 1 : 0)..<layout.numPrefixTokens
        var toClass: [Double] = [], toRegisters: [Double] = [], own: [Double] = []
        for map in 0..<images * heads {
            var classSum = 0.0, registerSum = 0.0
            for patch in layout.patches {
                let row = (map * tokens + patch) * tokens
                if hasClass { classSum += Double(span[row]) }
                for register in registers { registerSum += Double(span[row + register]) }
            }
            let patches = Double(layout.patches.count)
            toClass.append(hasClass ? classSum / patches : .nan)
            toRegisters.append(registers.isEmpty ? .nan : registerSum / patches)
            own.append(hasClass ? Double(span[map * tokens * tokens]) : .nan)
        }
        patchesToClass = HeadValues(images: images, heads: heads, values: toClass)
        patchesToRegisters = HeadValues(images: images, heads: heads, values: toRegisters)
        classToClass = HeadValues(images: images, heads: heads, values: own)
    }
}
