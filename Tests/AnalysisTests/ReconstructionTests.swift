import Analysis
import Models
import Tensors
import Testing

@Suite struct ReconstructionTests {
    /// One row of two patches of two by two pixels in one channel.
    private let shapes = Reconstruction(grid: GridSize(rows: 1, cols: 2), patchSize: 2, channels: 1)

    @Test func patchesBecomeAnImage() {
        let image = shapes.image(of: Tensor(shape: [2, 4], [0, 1, 2, 3, 4, 5, 6, 7]))
        #expect(image.shape == [2, 4, 1] && image.array == [0, 1, 4, 5, 2, 3, 6, 7])
        let colours = Reconstruction(grid: GridSize(rows: 2, cols: 1), patchSize: 1, channels: 3)
        #expect(colours.image(of: Tensor(shape: [2, 3], [1, 2, 3, 4, 5, 6])).array == [1, 2, 3, 4, 5, 6])
    }

    /// A mean of 3 and an unbiased variance of 16/3: what is predicted as 1 is one deviation above it.
    @Test func theNormOfAPatchIsUndone() {
        let own = Tensor(shape: [2, 4], [1, 1, 5, 5, 7, 7, 7, 7])
        let predicted = Tensor(shape: [2, 4], [1, -1, 0, 2, 1, 1, 1, 1])
        let pixels = shapes.denormalized(predicted, by: own).array
        // √(16/3 + 10⁻⁶): the squares of four differences of 2, over three.
        let spread = Float((16.0 / 3 + 1e-6).squareRoot())
        for (found, wanted) in zip(pixels, [3 + spread, 3 - spread, 3, 3 + 2 * spread]) {
            #expect(abs(found - wanted) < 1e-5)
        }
        #expect(abs(pixels[4] - (7 + 0.001)) < 1e-5, "a patch of one colour has the spread ε")
        // It is the way back from what the loss compares.
        let back = shapes.denormalized(own.standardizedRows(eps: 1e-6), by: own).array
        for (found, wanted) in zip(back, own.array) { #expect(abs(found - wanted) < 1e-5) }
    }

    @Test func errorsAreThoseOfMaskedOrVisiblePatches() {
        let a = Tensor(shape: [2, 4], [0, 0, 0, 0, 1, 1, 1, 1]), b = Tensor(shape: [2, 4], [1, 0, 0, 3, 1, 1, 1, 3])
        let masked = shapes.errors(of: a, from: b, where: [true, false], true)
        #expect(masked.absolute == 1 && masked.squared == 2.5)
        let visible = shapes.errors(of: a, from: b, where: [true, false], false)
        #expect(visible.absolute == 0.5 && visible.squared == 1)
        #expect(shapes.errors(of: a, from: b, where: [true, true], false).absolute == nil)
        #expect(shapes.composed(a, where: [true, false], others: b).array == [0, 0, 0, 0, 1, 1, 1, 3])
    }
}
