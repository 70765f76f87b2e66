package import Tensors

/// A checkpoint that was read and recognised: what its model is, and where its numbers lie.
package struct ReadModel: Sendable {
    package let model: LoadedModel
    /// Every tensor of the network by timm's name; views of the file where nothing had to be computed.
    package let tensors: StateDict
    /// The dictionary that holds a decoder, under the file's own names; nil where there is none.
    package let decoder: StateDict?
    /// Whether the file behind the tensors still has the bytes that the digest was taken of. May read it all.
    package let isUnchanged: @Sendable () -> Bool
}
