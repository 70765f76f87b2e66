package import Tensors

/// What may be said about a model's precision. Raw values are JSON's words.
package enum PrecisionChoice: String, Sendable, CaseIterable {
    case f32, bf16
    /// The quickest that the processor has.
    case auto

    /// What is meant on this processor.
    package var precision: Precision {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .auto: .quickest
        }
    }
}
