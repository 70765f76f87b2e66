import CKernels
import COneDNN

/// In which numbers a network's weights are held and its products are multiplied. Sums, norms and softmax are f32 in
/// any case. Raw values are the words of JSON and of the command line.
public enum Precision: String, Sendable, Hashable, Codable, CaseIterable {
    case f32
    /// The upper half of f32: its range, with 8 digits of 24.
    case bf16

    /// What this processor lacks for it, words after “has”; nil where it lacks nothing.
    public var lacking: String? {
        guard self == .bf16 else { return nil }
        return kernels_have_bf16() != 0 && onednn_has_bf16() != 0
            ? nil : "no instructions that multiply bf16 (AVX512-BF16), or ONEDNN_MAX_CPU_ISA forbids them"
    }

    /// The quickest that this processor has instructions for.
    public static var quickest: Precision { Precision.bf16.lacking == nil ? .bf16 : .f32 }
}
