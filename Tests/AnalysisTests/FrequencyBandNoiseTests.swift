import TestSupport
import Analysis
import Foundation
import Tensors
import Testing

@Suite struct FrequencyBandNoiseTests {
    let pool = makePool()

    /// The noise of the figures below, channel `channel`.
    private func noise(_ channel: Int) -> DoubleMatrix {
        DoubleMatrix(
            rows: 8, cols: 8,
            (0..<64).map { place in
                let (y, x) = (place / 8, place % 8)
                let wave = sin(1.3 * Double(y) + 0.7 * Double(x) + 0.4 * Double(channel))
                return wave + (x * y % 3 == 0 ? 0.5 : -0.2)
            })
    }

    /// Figures of NumPy's FFT: RMS over three channels and the first three values.
    @Test(arguments: [
        (0.25, 4, 0.265731, [0.508715, 0.453863, 0.251313]), (0.5, 12, 0.350331, [0.085148, 0.291258, 0.360113]),
        (0.75, 20, 0.349147, [-0.128932, 0.052602, 0.403946]),
    ])
    func goldenFigures(frequency: Double, cells: Int, rms: Double, first: [Double]) {
        let band = FrequencyBandNoise(height: 8, width: 8, frequency: frequency, halfWindow: 0.1)
        #expect(band.count == cells)
        let parts = (0..<3).map { band.band(of: noise($0), pool: pool) }
        let energy = parts.reduce(0) { $0 + $1.squaredNorm }
        #expect(abs((energy / 192).squareRoot() - rms) < 1e-6)
        #expect(pairs(parts[0].values.prefix(3), first).everyOne { abs($0 - $1) < 1e-6 })
    }

    /// Sides of the squares at 224 pixels, as the catalogue lists them.
    @Test func sidesOfTheSquares() {
        let expected = [(0.1, 44, 0), (0.3, 88, 44), (0.5, 134, 88), (0.7, 178, 134), (0.9, 224, 178)]
        for (frequency, outer, inner) in expected {
            let band = FrequencyBandNoise(height: 224, width: 224, frequency: frequency, halfWindow: 0.1)
            #expect(band.outer == (outer, outer) && band.inner == (inner, inner), "\(frequency)")
        }
    }

    private struct Case: Decodable {
        let height: Int
        let width: Int
        let frequency: Double
        let halfWindow: Double
        let noise: [Double]
        let band: [Double]
    }

    /// NumPy's transforms with the published code's masks, rectangular images too: Fixtures/analysis/frequency_noise.py.
    @Test func agreesWithNumPy() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/analysis/frequency_noise.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let cases = try decoder.decode([Case].self, from: Data(contentsOf: path))
        #expect(cases.count == 4)
        for item in cases {
            let band = FrequencyBandNoise(
                height: item.height, width: item.width, frequency: item.frequency, halfWindow: item.halfWindow)
            let noise = DoubleMatrix(rows: item.height, cols: item.width, item.noise)
            let found = band.band(of: noise, pool: pool).values
            #expect(pairs(found, item.band).everyOne { abs($0 - $1) < 1e-8 }, "\(item.frequency)")
        }
    }

    /// A band of all frequencies is the noise itself; bands that follow each other add up to it.
    @Test func bandsAddUp() {
        let whole = FrequencyBandNoise(height: 8, width: 8, frequency: 0.5, halfWindow: 0.5)
        let noise = noise(0)
        #expect(whole.count == 64)
        #expect(pairs(whole.band(of: noise, pool: pool).values, noise.values).everyOne { abs($0 - $1) < 1e-12 })
        let low = FrequencyBandNoise(height: 8, width: 8, frequency: 0.25, halfWindow: 0.25).band(of: noise, pool: pool)
        let high = FrequencyBandNoise(height: 8, width: 8, frequency: 0.75, halfWindow: 0.25)
            .band(of: noise, pool: pool)
        #expect(
            pairs(pairs(low.values, high.values), noise.values).everyOne { abs($0.0 + $0.1 - $1) < 1e-12 })
        #expect(!FrequencyBandNoise.fits(height: 7, width: 8))
    }
}
