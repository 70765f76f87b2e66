/// What may be said about the precision of a model or a job. Raw values are JSON's words.
public enum PrecisionChoice: String, Sendable, CaseIterable {
    case f32, bf16
    /// The quickest that the processor has.
    case auto

    /// What is meant on this processor.
    public var precision: Precision {
        switch self {
        case .f32: .f32
        case .bf16: .bf16
        case .auto: .quickest
        }
    }
}
