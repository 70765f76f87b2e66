public import FoundationEssentials
public import Models

/// Where a model is in its life. Raw values are JSON's words.
public enum ModelState: String, Sendable, CaseIterable {
    case loading, ready, failed
}

/// What there is to say about a model of the catalogue.
public struct ModelInfo: Sendable {
    public let name: String
    public let state: ModelState
    /// As registered: a path below the models directory, `upload:SHA256`, or `built-in`.
    public let path: String
    /// The digest of the checkpoint's bytes; nil until they were read.
    public let sha256: String?
    /// timm's name of the variant where there is one.
    public let arch: String?
    /// Whose layout the checkpoint has: `timm`, `moco_v3`, …
    public let recognisedAs: String?
    /// The file format: `safetensors`, `pytorch_zip`, …
    public let format: String?
    public let parameters: Int?
    /// Memory that the loaded model holds, bytes; 0 while it is not loaded.
    public let memoryBytes: Int
    /// What its products are made of: `f32`, `bf16`; while it is not loaded, what was asked for.
    public let precision: String
    public let config: VisionTransformerConfig?
    public let preprocess: PreprocessInfo?
    /// Why it failed, a sentence.
    public let error: String?
    /// Which field of the registration puts that right, a JSON pointer such as `/num_heads`.
    public let errorPointer: String?
    public let createdAt: Date
}

/// How images are prepared for a model, every field filled.
public struct PreprocessInfo: Sendable, Equatable {
    public let cropPct: Double
    public let interpolation: String
    /// `center`, `squash` or `border`: timm's names.
    public let cropMode: String
    public let mean: [Double]
    public let std: [Double]
}
