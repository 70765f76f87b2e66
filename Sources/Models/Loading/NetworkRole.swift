/// What a network is among several in one file, by the words that lead to it, in the order of who is analysed first.
///
/// Methods that distil analyse and publish the averaged copy: DINO's and iBOT's teacher, I-JEPA's target encoder, the
/// exponential moving average that timm keeps. MoCo is the exception: it publishes and analyses the encoder that is
/// trained, `base_encoder` of MoCo v3 and `encoder_q` before, and its momentum encoder comes after.
enum NetworkRole: Int {
    case trainedByMoCo
    case averaged
    case usual
    case momentum
    case student
    case predictor
    case optimizer

    /// - Parameter path: the keys and prefixes that lead to it; each may have several words.
    init(_ path: [String]) {
        if path.contains("base_encoder") || path.contains("encoder_q") {
            self = .trainedByMoCo
            return
        }
        if path.contains("encoder_k") {
            self = .momentum
            return
        }
        let words = Set(path.flatMap { $0.lowercased().split { !$0.isLetter && !$0.isNumber } })
        func has(_ some: Substring...) -> Bool { some.contains(where: words.contains) }
        self =
            if has("optimizer") { .optimizer } else if has("predictor") { .predictor } else if has("student") {
                .student
            } else if has("momentum") { .momentum } else if has("teacher", "target", "ema", "averaged", "swa") {
                .averaged
            } else { .usual }
    }
}
