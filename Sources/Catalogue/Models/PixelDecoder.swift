import Models
import Tensors

/// What a checkpoint holds beside its network that predicts the pixels of masked patches.
package struct PixelDecoder: Sendable, Hashable, Codable {
    /// Whose it is. Raw values are JSON's words.
    package enum Form: String, Sendable, Hashable, Codable {
        /// Blocks over the tokens of visible patches, with mask tokens in the places of the others (He et al. 2022).
        case mae
        /// One linear layer over each token, where masked patches went into the network as mask tokens (Xie et al. 2022).
        case simMIM = "simmim"

        /// A name that only such a decoder has.
        package var sign: String {
            switch self {
            case .mae: "decoder_embed.weight"
            case .simMIM: "decoder.0.weight"
            }
        }
    }

    package let form: Form
    /// Heads of its attention, where the file names them.
    package let heads: Int?
    /// Whether it predicts each patch's pixels less their mean and over their spread, where the file says so.
    package let normPix: Bool?

    /// The name of a mask token, and its end behind a prefix.
    package static let maskToken = "mask_token"

    /// Whose decoder is among `names`, and what stands before its names; nil where there is none.
    package static func find(in names: [String]) -> (form: Form, prefix: String)? {
        let own = names.filter(isOwn)
        for form in [Form.mae, .simMIM] {
            let found = own.first { $0 == form.sign || $0.hasSuffix("." + form.sign) }
            guard let found, form == .mae || own.contains(where: isMaskToken) else { continue }
            return (form, String(found.dropLast(form.sign.count)))
        }
        return nil
    }

    /// Whether a tensor of this name belongs to a network, and not to an optimizer or to another network's copy.
    static func isOwn(_ name: String) -> Bool { !name.hasPrefix("optimizer.") && !name.hasPrefix("momentum.") }

    package static func isMaskToken(_ name: String) -> Bool { name == maskToken || name.hasSuffix("." + maskToken) }

    /// Another process said it.
    var isPlausible: Bool { heads.map { (1...1 << 20).contains($0) } ?? true }
}
