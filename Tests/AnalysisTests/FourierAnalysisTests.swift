import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

@Suite struct FourierAnalysisTests {
    let pool = makePool()

    /// The catalogue's latent: z[t, c] = sin(0.3 (t + 1)(c + 1)) + 0.1 t, 3 channels.
    private func latent(_ side: Int) -> Tensor {
        let numbers = (0..<side * side * 3).map { index in
            let (t, c) = (Double(index / 3), Double(index % 3))
            return Float(sin(0.3 * (t + 1) * (c + 1)) + 0.1 * t)
        }
        return Tensor(shape: [1, side * side, 3], numbers)
    }

    private func relative(_ side: Int) -> [Double] {
        FourierAnalysis(grid: GridSize(rows: side, cols: side))
            .relativeLogAmplitude(latent(side), numPrefixTokens: 0, pool: pool).values
    }

    /// Figures of NumPy's FFT. Tokens are 32-bit numbers here, which moves the fourth decimal of a bin
    /// whose amplitude is 1e-4 of the largest.
    @Test func goldenFigures() {
        #expect(isClose(relative(4), [0, -2.355507], 2e-6))
        #expect(isClose(relative(6), [0, -3.473671, -4.385689], 2e-6))
        #expect(isClose(relative(5), [0, -2.696706, -3.583122], 2e-6))
        #expect(
            isClose(
                relative(14), [0, -7.498406, -6.719662, -8.672162, -8.486368, -8.192284, -9.212438], 2e-4))
    }

    @Test func agreesWithNumPy() throws {
        for item in try Fixture.load().fourier {
            let tokens = try Fixture.tensor(item.tokens)
            let analysis = FourierAnalysis(grid: GridSize(rows: item.grid[0], cols: item.grid[1]))
            let relative = analysis.relativeLogAmplitude(tokens, numPrefixTokens: item.prefix, pool: pool)
            #expect(relative.rows == tokens.shape[0])
            #expect(isClose(relative.values, item.relative.flatMap(\.self), 1e-9), "\(item.name)")
            let map = analysis.logAmplitudeMap(tokens, numPrefixTokens: item.prefix, pool: pool)
            #expect(isClose(map.values, item.map.flatMap(\.self), 1e-9), "\(item.name)")
        }
    }

    @Test func frequencies() {
        let square = FourierAnalysis(grid: GridSize(rows: 14, cols: 14))
        #expect(isClose(square.frequencyPi, (0..<7).map { Double($0) / 7 }, 1e-15))
        let reference = FourierAnalysis(grid: GridSize(rows: 14, cols: 14), convention: .reference)
        #expect(isClose(reference.frequencyPi, (0..<7).map { Double($0) / 6 }, 1e-15))
        let odd = FourierAnalysis(grid: GridSize(rows: 37, cols: 37))
        #expect(odd.frequencyCount == 19)
        #expect(isClose(odd.frequencyPi[18], 36.0 / 37, 1e-15))
        let wide = FourierAnalysis(grid: GridSize(rows: 4, cols: 8))
        #expect(isClose(wide.frequencyPi, [0, ((0.25 + 0.0625) / 2).squareRoot()], 1e-15))
        #expect(FourierAnalysis(grid: GridSize(rows: 1, cols: 9), convention: .reference).frequencyPi == [0])
    }

    /// A wave along the diagonal is found in its own bin, and nowhere else.
    @Test func oneWave() {
        let side = 14
        let wave = (0..<side * side).map { t in
            let angle = 2 * Double.pi * 3 * Double(t / side + t % side) / Double(side)
            return Float(1 + 0.5 * cos(angle))
        }
        let tokens = Tensor(shape: [1, side * side, 1], wave)
        let relative = FourierAnalysis(grid: GridSize(rows: side, cols: side))
            .relativeLogAmplitude(tokens, numPrefixTokens: 0, pool: pool).values
        // Half of the cosine's amplitude goes to each of the two opposite frequencies.
        #expect(isClose(relative[3], log(0.25), 1e-6))
        for u in [1, 2, 4, 5, 6] { #expect(relative[u] < -14) }
    }

    /// A constant grid has only frequency 0; the 1e-6 keeps the logarithm finite.
    @Test func constantTokens() {
        let tokens = Tensor(shape: [2, 17, 3], repeating: 0)
        let analysis = FourierAnalysis(grid: GridSize(rows: 4, cols: 4))
        #expect(analysis.relativeLogAmplitude(tokens, numPrefixTokens: 1, pool: pool).values == [0, 0, 0, 0])
        #expect(isClose(analysis.logAmplitudeMap(tokens, numPrefixTokens: 1, pool: pool)[0, 0], log(1e-6), 1e-12))
    }

    /// The prefix tokens, whatever is in them, change nothing.
    @Test func prefixTokensAreLeftOut() {
        var noise = Noise(7)
        var tokens = noise.tensor([2, 5 + 12, 6])
        let analysis = FourierAnalysis(grid: GridSize(rows: 3, cols: 4))
        let before = analysis.relativeLogAmplitude(tokens, numPrefixTokens: 5, pool: pool)
        for index in 0..<5 * 6 { tokens[flat: index] = 1000 }
        #expect(analysis.relativeLogAmplitude(tokens, numPrefixTokens: 5, pool: pool) == before)
    }
}
