/// Parts of which a layout knows whether its networks have them; nil leaves that to the tensors of the file.
///
/// A part that every network of the layout has and that a file lacks makes the file incomplete, not the network smaller.
package struct LayoutParts: Sendable {
    package var qkvBias: Bool?
    package var layerScale: Bool?
    package var posEmbed: Bool?
    package var relPos: VisionTransformerConfig.RelPos?
    package var finalNorm: Bool?
    /// Whether the patch projection has a bias; zeros stand in for one that is not there.
    package var patchBias: Bool?
    package var classToken: Bool?
    /// Whether the head has a bias; zeros stand in for one that is not there.
    package var headBias: Bool?

    package init(
        qkvBias: Bool? = nil, layerScale: Bool? = nil, posEmbed: Bool? = nil,
        relPos: VisionTransformerConfig.RelPos? = nil, finalNorm: Bool? = nil, patchBias: Bool? = nil,
        classToken: Bool? = nil, headBias: Bool? = nil
    ) {
        self.qkvBias = qkvBias
        self.layerScale = layerScale
        self.posEmbed = posEmbed
        self.relPos = relPos
        self.finalNorm = finalNorm
        self.patchBias = patchBias
        self.classToken = classToken
        self.headBias = headBias
    }
}
