/// What a model learns by. Raw values are JSON's words.
public enum TrainingMethod: String, Sendable, Hashable, CaseIterable {
    /// Contrastive (Chen, Xie and He 2021).
    case mocoV3 = "moco_v3"
    /// Masked pixels behind a linear decoder (Xie et al. 2022).
    case simMIM = "simmim"
    /// Masked pixels behind a transformer decoder (He et al. 2022).
    case mae
    /// Both losses at once (Park et al. 2023).
    case hybrid
    /// Classes from random weights.
    case supervised
    /// Classes from pre-trained weights.
    case finetune
    /// A classifier on frozen features.
    case linearProbe = "linear_probe"

    /// Whether it needs class labels.
    public var isSupervised: Bool { self == .supervised || self == .finetune || self == .linearProbe }

    /// Whether it takes two views of each image and compares class tokens.
    public var isContrastive: Bool { self == .mocoV3 || self == .hybrid }

    /// Whether a mask made of cells covers the images.
    public var isMasked: Bool { self == .simMIM || self == .hybrid }
}
