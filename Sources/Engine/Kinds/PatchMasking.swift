import Catalogue
import Tensors
import Training

/// Which patches of an image are masked. What is drawn at random belongs to the image and stays the same in whatever
/// company it comes.
enum PatchMasking: Sendable {
    /// The same patches of every image, drawn by hand.
    case drawn([Bool])
    /// As MAE masks: patches on their own, ⌊patches · (1 − ratio)⌋ of which stay, one at least.
    case scattered(patches: Int, ratio: Double, seed: UInt64)
    /// As SimMIM masks: cells of several patches.
    case cells(MaskGenerator, seed: UInt64)

    /// Of every patch, row-major.
    func isMasked(_ source: ImageSource) -> [Bool] {
        switch self {
        case .drawn(let mask): return mask
        case .scattered(let patches, _, _):
            var mask = [Bool](repeating: true, count: patches)
            for patch in kept(source) { mask[patch] = false }
            return mask
        case .cells(let generator, let seed):
            var random = RandomStream(seed: seed, "simmim.mask " + source.key)
            return generator.mask(random: &random).map { $0 == 1 }
        }
    }

    /// The patches that stay.
    func kept(_ source: ImageSource) -> [Int] {
        guard case .scattered(let patches, let ratio, let seed) = self else {
            let mask = isMasked(source)
            return mask.indices.filter { !mask[$0] }
        }
        var random = RandomStream(seed: seed, "mae.mask " + source.key)
        let noise = Tensor(shape: [1, patches], (0..<patches).map { _ in Float(random.uniform()) })
        return MAE.keptPatches(noise: noise, ratio: ratio)[0]
    }
}
