import Tensors
import Testing
import Training

@Suite struct BatchTests {
    @Test func countsItsImages() {
        #expect(Batch(views: []).count == 0)
        #expect(Batch(views: [.zeros([3, 3, 8, 8])]).count == 3)
    }
}
