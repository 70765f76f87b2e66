import Images
import Tensors
import Testing

@Suite struct EvaluationTransformTests {
    @Test(arguments: ImageFixtures.all.transform)
    func pixelsAndNumbersAreThoseOfTimm(_ fixture: ImageFixtures.Transformed) throws {
        let image = try Image.decode(ImageFixtures.bytes(fixture.file), orientation: .ignore)
        let preprocess = try Preprocess(
            cropPct: fixture.cropPct, interpolation: try #require(Interpolation(rawValue: fixture.interpolation)),
            cropMode: .init(named: fixture.cropMode),
            mean: fixture.mean ?? Preprocess.imageNetMean)
        let transform = EvaluationTransform(height: fixture.height, width: fixture.width, preprocess: preprocess)
        let view = transform.view(of: image)
        #expect(view == (try ImageFixtures.raw(fixture.view, height: fixture.height, width: fixture.width)))
        guard let expected = fixture.tensor else { return }
        let tensor = transform.tensor(of: image)
        #expect(tensor.shape == [3, fixture.height, fixture.width])
        #expect(tensor.array == (try ImageFixtures.floats(expected)))
    }

    @Test func severalPicturesMakeABatch() throws {
        let image = Image(height: 9, width: 5, red: 255, green: 0, blue: 0)
        let transform = EvaluationTransform(height: 4, width: 6)
        let batch = transform.tensor(of: [image, image])
        #expect(batch.shape == [2, 3, 4, 6])
        #expect(batch.part(1) == transform.tensor(of: image))
    }

    @Test func endlessStripsCostLittle() throws {
        // The whole strip at the model's scale would have a gigapixel.
        let strip = Image(height: 1, width: 16_384, red: 10, green: 20, blue: 30)
        let view = EvaluationTransform(height: 224, width: 224).view(of: strip)
        #expect(view == Image(height: 224, width: 224, red: 10, green: 20, blue: 30))
    }
}
