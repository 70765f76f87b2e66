import TestSupport
import Images
import Tensors
import Testing

@Suite struct PreprocessTests {
    @Test func defaultsAreTimms() {
        let standard = Preprocess.standard
        #expect(standard.cropPct == 0.875)
        #expect(standard.interpolation == .bicubic)
        #expect(standard.mean == [0.485, 0.456, 0.406])
        #expect(standard.std == [0.229, 0.224, 0.225])
    }

    @Test func nonsenseIsRefused() {
        #expect(throws: ImageError.self) { try Preprocess(cropPct: 0) }
        #expect(throws: ImageError.self) { try Preprocess(cropPct: .nan) }
        #expect(throws: ImageError.self) { try Preprocess(mean: [0.5]) }
        #expect(throws: ImageError.self) { try Preprocess(mean: [0, 0, .infinity]) }
        #expect(throws: ImageError.self) { try Preprocess(std: [1, 0, 1]) }
        #expect(throws: ImageError.self) { try Preprocess(std: [1, .nan, 1]) }
    }

    /// HF pads, resizes and crops in NumPy; it normalizes in another order of roundings.
    @Test(arguments: ImageFixtures.all.huggingFace)
    func huggingFaceProcessorsAreFollowed(_ fixture: ImageFixtures.HuggingFace) throws {
        var fields = HuggingFacePreprocessor()
        fields.processorType = fixture.processor
        fields.size = size(fixture.size)
        fields.cropSize = fixture.cropSize.flatMap(size)
        fields.doCenterCrop = fixture.doCenterCrop
        fields.resample = fixture.resample
        fields.imageMean = fixture.imageMean
        fields.imageStd = fixture.imageStd
        let image = try Image.decode(ImageFixtures.bytes(fixture.file), orientation: .ignore)
        let tensor = EvaluationTransform(height: 32, width: 32, preprocess: try Preprocess(fields)).tensor(of: image)
        let expected = try ImageFixtures.floats(fixture.tensor)
        #expect(tensor.count == expected.count)
        #expect(pairs(tensor.array, expected).everyOne { abs($0 - $1) < 1e-5 })
    }

    private func size(_ fields: [String: Int]) -> HuggingFacePreprocessor.Size? {
        if let side = fields["shortest_edge"] { return .shortestEdge(side) }
        guard let height = fields["height"], let width = fields["width"] else { return nil }
        return .sides(height: height, width: width)
    }

    @Test func bareNumbersDependOnTheProcessor() throws {
        var fields = HuggingFacePreprocessor()
        fields.size = .side(256)
        fields.doCenterCrop = true
        fields.cropSize = .side(224)
        #expect(try Preprocess(fields).cropMode == .squash)
        #expect(try Preprocess(fields).cropPct == 0.875)
        fields.processorType = "CLIPFeatureExtractor"
        #expect(try Preprocess(fields).cropMode == .center)
    }

    @Test func everyCropFindsItsEdgeAgain() throws {
        for edge in 200...520 {
            var fields = HuggingFacePreprocessor()
            fields.size = .shortestEdge(edge)
            fields.doCenterCrop = true
            fields.cropSize = .side(224)
            #expect((224 / (try Preprocess(fields).cropPct)).rounded(.down) == Double(edge))
        }
    }

    @Test func whatCannotBeFollowedIsNamed() {
        func error(_ change: (inout HuggingFacePreprocessor) -> Void) -> String? {
            var fields = HuggingFacePreprocessor()
            change(&fields)
            return #expect(throws: ImageError.self) { try Preprocess(fields) }?.description
        }
        #expect(error { $0.doResize = false }?.hasPrefix("do_resize") == true)
        #expect(error { $0.resample = 0 }?.contains("nearest") == true)
        #expect(error { $0.resample = 77 }?.hasPrefix("resample") == true)
        #expect(error { $0.rescaleFactor = 1 }?.hasPrefix("rescale_factor") == true)
        #expect(error { $0.size = .side(0) }?.hasPrefix("size") == true)
        #expect(error { $0.size = .side(.max) }?.hasPrefix("size") == true)
        #expect(error { $0.imageStd = [0, 0, 0] }?.hasPrefix("std") == true)
    }
}
