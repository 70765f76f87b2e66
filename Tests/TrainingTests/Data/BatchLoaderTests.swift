import Images
import Tensors
import Testing
import Training

@Suite struct BatchLoaderTests {
    private func maker(_ count: Int = 20, batchSize: Int = 4) throws -> BatchMaker {
        try BatchMaker(
            .shapesTextures(try ShapesTextures(count: count, imgSize: 24)),
            plan: ViewPlan(views: [.mocoV3(view: 1, imgSize: 16)]), batchSize: batchSize, seed: 3)
    }

    @Test(arguments: [(1, 1), (1, 3), (3, 2), (4, 7)])
    func orderDoesNotDependOnThreadsOrPrefetch(workers: Int, prefetch: Int) throws {
        let maker = try maker(), loader = BatchLoader(try self.maker(), epochs: 2, workers: workers, prefetch: prefetch)
        #expect(loader.batchesPerEpoch == 5)
        for epoch in 0..<2 {
            for number in 0..<5 {
                let batch = try #require(try loader.next()), expected = try maker.batch(epoch: epoch, batch: number)
                #expect(batch.indices == expected.indices && batch.views == expected.views)
            }
        }
        #expect(try loader.next() == nil)
        #expect(try loader.next() == nil)
    }

    @Test func beginsAnywhere() throws {
        let maker = try maker(), loader = BatchLoader(maker, epochs: 3, batchesPerEpoch: 4, firstBatch: 9)
        for number in 1..<4 {
            #expect(try loader.next()?.indices == maker.batch(epoch: 2, batch: number).indices)
        }
        #expect(try loader.next() == nil)
        #expect(try BatchLoader(maker, epochs: 1, firstBatch: 100).next() == nil)
    }

    @Test func endsWhenDroppedEarly() throws {
        for _ in 0..<20 {
            let loader = BatchLoader(try maker(), epochs: 1000, workers: 2)
            #expect(try loader.next() != nil)
        }
    }

    @Test func failuresArriveInTheirTurn() throws {
        try DataFixtures.withFolder([], broken: ["a/1.png", "a/2.png"]) { root in
            let maker = try BatchMaker(
                .folder(try ImageFolder(root)), plan: ViewPlan(views: [.simMIM(imgSize: 16)]), batchSize: 1, seed: 0)
            let loader = BatchLoader(maker, epochs: 5)
            #expect(throws: DataError.self) { try loader.next() }
            #expect(try loader.next() == nil)
        }
    }
}
