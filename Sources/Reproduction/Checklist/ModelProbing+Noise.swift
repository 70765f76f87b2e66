import Analysis
import Images
import Models
import Tensors
import Training

// Which frequencies the last layer relies on (docs/science.md#frequency-robustness).
extension ModelProbing {
    /// The middles of the bands, units of π.
    static let noiseFrequencies = [0.1, 0.3, 0.5, 0.7, 0.9]
    /// Half of a band's width, units of π, and the noise before its band is taken, in normalized pixels.
    static let noiseHalfWindow = 0.1, noiseAmplitude = 0.7

    /// Accuracy on clean images less that on noisy ones, of a shape probe on the mean patch token of the last layer.
    ///
    /// - Parameters:
    ///   - learned: what the probe learns from, (images, embedDim).
    ///   - clean: the same of the test images without noise.
    func noiseDrop(_ model: VisionTransformer, learned: Tensor, clean: Tensor) -> [Double] {
        let size = model.config.imgSize
        guard FrequencyBandNoise.fits(height: size.height, width: size.width) else { return [] }
        let changed = Self.noiseFrequencies.map { frequency in
            let band = FrequencyBandNoise(
                height: size.height, width: size.width, frequency: frequency, halfWindow: Self.noiseHalfWindow)
            return features(model, test, count: sizes.probeTest) { images, first in
                addNoise(images, band, frequency, first)
            }[model.config.depth]
        }
        let asked = [clean] + changed
        let decided = FeatureProbe.decisions(
            train: .init(
                features: asked.map { _ in learned },
                labels: (0..<sizes.probeTrain).map { train.shapeLabel(at: $0) }),
            on: asked, classes: ShapesTextures.shapeNames.count, pool: pool)
        let shapes = (0..<sizes.probeTest).map { test.shapeLabel(at: $0) }
        let accuracies = decided.map { FeatureProbe.share($0, right: shapes) }
        return accuracies.dropFirst().map { accuracies[0] - $0 }
    }

    /// The images with noise of one band, which each image's number decides.
    private func addNoise(_ images: Tensor, _ band: FrequencyBandNoise, _ frequency: Double, _ first: Int) -> Tensor {
        var numbers = images.array
        let plane = band.height * band.width, channels = images.shape[1]
        for image in 0..<images.shape[0] {
            var random = RandomStream(seed: 5, "reproduce.noise.\(frequency)").stream(first + image)
            for channel in 0..<channels {
                let noise = (0..<plane).map { _ in
                    random.next() >> 63 == 0 ? Self.noiseAmplitude : -Self.noiseAmplitude
                }
                let part = band.band(of: DoubleMatrix(rows: band.height, cols: band.width, noise), pool: pool)
                let start = (image * channels + channel) * plane
                for place in 0..<plane { numbers[start + place] += Float(part.values[place]) }
            }
        }
        return Tensor(shape: images.shape, numbers)
    }
}
