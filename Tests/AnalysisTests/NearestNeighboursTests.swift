import Analysis
import Foundation
import Platform
import Tensors
import Testing

@Suite struct NearestNeighboursTests {
    private let pool = ThreadPool(threads: 2)

    @Test func votesByHand() {
        // Directions at 0°, 60° and 90°; of lengths that must not matter.
        let train = DoubleMatrix(rows: 3, cols: 2, [9, 0, 0.5, 0.75.squareRoot(), 0, 4])
        let model = NearestNeighbours(train: train, labels: [0, 1, 1], classes: 2)
        let asked = DoubleMatrix(rows: 2, cols: 2, [3, 0, 0, 0.1])
        #expect(model.ranking(of: asked, k: 1, temperature: 0.07, pool: pool) == [[0, 1], [1, 0]])
        // Weights 1, exp(-0.5/T) and exp(-1/T): two far neighbours win where the temperature is high.
        #expect(model.ranking(of: asked, k: 3, temperature: 0.07, pool: pool)[0] == [0, 1])
        #expect(model.ranking(of: asked, k: 3, temperature: 2, pool: pool)[0] == [1, 0])
        #expect(model.ranking(of: asked, k: 2, temperature: 2, pool: pool)[0] == [0, 1])
    }

    @Test func equalsTheDefinitionOnManyImagesAndMoreThanThereAre() {
        let count = 700, width = 6
        func matrix(_ rows: Int, _ phase: Double) -> DoubleMatrix {
            var values: [Double] = []
            for index in 0..<rows * width {
                values.append(sin(phase + 1.7 * Double(index)) + cos(0.31 * Double(index * index % 1009)))
            }
            return DoubleMatrix(rows: rows, cols: width, values)
        }
        let train = matrix(60, 0.2), asked = matrix(count, 1.1), labels = (0..<60).map { $0 * 7 % 5 }
        let model = NearestNeighbours(train: train, labels: labels, classes: 5)
        for k in [1, 7, 1000] {
            let found = model.ranking(of: asked, k: k, temperature: 0.5, pool: pool)
            for image in stride(from: 0, to: count, by: 13) {
                func cosine(_ other: Int) -> Double {
                    var product = 0.0, a = 0.0, b = 0.0
                    for column in 0..<width {
                        product += asked[image, column] * train[other, column]
                        a += asked[image, column] * asked[image, column]
                        b += train[other, column] * train[other, column]
                    }
                    return product / (a * b).squareRoot()
                }
                let near = (0..<60).sorted { cosine($0) > cosine($1) }.prefix(k)
                var votes = [Double](repeating: 0, count: 5)
                for other in near { votes[labels[other]] += exp(cosine(other) / 0.5) }
                #expect(found[image] == (0..<5).sorted { votes[$0] > votes[$1] })
            }
        }
    }

    @Test func aVectorOfLengthZeroIsNoTrap() {
        let model = NearestNeighbours(train: DoubleMatrix(rows: 2, cols: 1, [0, 1]), labels: [0, 1], classes: 2)
        #expect(model.ranking(of: DoubleMatrix(rows: 1, cols: 1, [0]), k: 2, temperature: 1, pool: pool) == [[0, 1]])
    }
}
