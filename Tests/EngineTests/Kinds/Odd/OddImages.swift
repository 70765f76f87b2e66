import Engine

/// Which images are looked at: several, one, or one five times.
enum OddImages: String, CaseIterable, Sendable {
    case several, one, same

    func references(_ kind: AnalysisKind) -> [String] {
        let numbers: [Int] =
            switch self {
            case .several: [0, 1, 2, 4, 5]
            case .one: [0]
            case .same: [0, 1, 2, 3, 4]
            }
        // Cues that conflict, and masks, are in drawn images alone.
        let dataset =
            [.cueConflict, .masked].contains(kind.spec.images) ? "shapes-textures" : self == .same ? "same" : "pets"
        return numbers.map { "\(dataset):\($0)" }
    }
}
