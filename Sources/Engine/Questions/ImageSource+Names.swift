import Catalogue

extension AnalysisSpec.ImageNeed {
    /// What beside its pixels decides the numbers: the class of a labelled image, the name that says which cues it shows,
    /// the mask.
    func decidingName(of source: ImageSource) -> String? {
        switch self {
        case .any, .nothing: nil
        case .labelled: source.className ?? ""
        case .cueConflict: source.fileName
        case .masked: source.maskDigest
        }
    }
}

extension ImageSource {
    /// What its points are called in a figure: the class, or else the reference.
    var label: String { className ?? ref }
}
