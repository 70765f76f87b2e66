import TestSupport
import Analysis
import Foundation
import Platform
import Tensors
import Testing

@Suite struct SingularValuesTests {
    private let pool = ThreadPool(threads: 1)

    /// Figures of NumPy in double precision: latent[i,t,c] = sin(.7i + 1.3t + .9c) + .05·i·t·c; token 0 is the class token.
    private var latent: Tensor {
        var numbers: [Float] = []
        for i in 0..<4 {
            for t in 0..<5 {
                for c in 0..<3 {
                    let wave = sin(0.7 * Double(i) + 1.3 * Double(t) + 0.9 * Double(c))
                    numbers.append(Float(wave + 0.05 * Double(i * t * c)))
                }
            }
        }
        return Tensor(shape: [4, 5, 3], numbers)
    }

    @Test func imageLevel() {
        let spectrum = SingularValues.imageLevel(
            SingularValues.patchMeans(latent, numPrefixTokens: 1), pool: pool)
        #expect(spectrum.count == 3)
        #expect(abs(spectrum[0] + 1.225956) < 1e-5 && abs(spectrum[1] + 5.448563) < 1e-4)
        // The catalogue gives −13.2952 where the latents are 32-bit floats, as these are.
        #expect(abs(spectrum[2] + 13.2952) < 2e-3)
    }

    @Test func tokenLevel() {
        let spectra = SingularValues.tokenSpectra(latent, numPrefixTokens: 1, pool: pool)
        #expect(spectra.count == 4 && spectra.everyOne { $0.count == 3 })
        #expect(abs(spectra.reduce(0) { $0 + $1[0] } / 4 - 0.496459) < 1e-5)
        #expect(abs(spectra.reduce(0) { $0 + $1[1] } / 4 + 0.427578) < 1e-5)
    }

    @Test func rankIsThatOfTheObservations() {
        var random = RandomStream(seed: 1, "x")
        let tokens = Tensor(shape: [2, 4, 9], (0..<72).map { _ in Float(random.normal()) })
        #expect(SingularValues.tokenSpectra(tokens, numPrefixTokens: 1, pool: pool)[0].count == 2)
        #expect(SingularValues.imageLevel(SingularValues.patchMeans(tokens, numPrefixTokens: 1), pool: pool).count == 1)
    }

    /// A diagonal covariance shows its variances.
    @Test func knownVariances() {
        let samples = DoubleMatrix(rows: 4, cols: 2, [3, 0, -3, 0, 0, 1, 0, -1])
        let spectrum = SingularValues.imageLevel(samples, pool: pool)
        #expect(abs(spectrum[0] - log(6)) < 1e-12 && abs(spectrum[1] - log(2.0 / 3)) < 1e-12)
    }

    @Test func constantTokensAreClamped() {
        let spectrum = SingularValues.tokenSpectra(
            Tensor(shape: [1, 4, 3], repeating: 2), numPrefixTokens: 1, pool: pool)[0]
        #expect(spectrum.everyOne { abs($0 - log(1e-12)) < 1e-9 })
    }
}
