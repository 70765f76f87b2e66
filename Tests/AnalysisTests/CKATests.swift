import TestSupport
import Analysis
import Foundation
import Models
import Platform
import Tensors
import Testing

@Suite struct CKATests {
    let pool = makePool()

    private func value(
        _ x: DoubleMatrix, _ y: DoubleMatrix, kernel: CKA.Kernel = .linear, estimator: CKA.Estimator,
        batchSize: Int? = nil, form: CKA.Form = .automatic
    ) throws -> Double {
        try #require(
            CKA.matrix(
                [x], [y], kernel: kernel, estimator: estimator, batchSize: batchSize, form: form, pool: pool)[0, 0])
    }

    /// Figures of NumPy in double precision: X[i, j] = sin(1.1i + 0.7j), Y[i, j] = cos(0.45i + 1.3j) + 0.2i.
    @Test func goldenFigures() throws {
        let x = matrix(8, 3) { i, j in sin(1.1 * i + 0.7 * j) }
        let y = matrix(8, 4) { i, j in cos(0.45 * i + 1.3 * j) + 0.2 * i }
        for form in [CKA.Form.gram, .features, .automatic] {
            #expect(isClose(try value(x, y, estimator: .biased, form: form), 0.0737401409, 1e-10))
            #expect(isClose(try value(x, y, estimator: .unbiased, form: form), -0.1014232682, 1e-10))
            #expect(isClose(try value(x, y, estimator: .unbiased, batchSize: 4, form: form), 0.9196588303, 1e-10))
        }
        for form in [CKA.Form.gram, .features] {
            func hsic(_ a: DoubleMatrix, _ b: DoubleMatrix, _ estimator: CKA.Estimator) throws -> Double {
                try #require(CKA.hsic(a, b, estimator: estimator, form: form, pool: pool))
            }
            #expect(isClose(try hsic(x, y, .unbiased), -0.3078052816, 1e-10))
            #expect(isClose(try hsic(x, x, .unbiased), 1.3998779868, 1e-10))
            #expect(isClose(try hsic(y, y, .unbiased), 6.5794069520, 1e-10))
            #expect(isClose(try hsic(x, y, .biased), 0.2573942267, 1e-10))
        }
    }

    /// A random pair, whose numbers come from NumPy's generator; see make.py.
    @Test func goldenRandomPair() throws {
        let fixture = try Fixture.load().golden
        let x = DoubleMatrix(rows: 100, cols: 10, fixture.x), y = DoubleMatrix(rows: 100, cols: 10, fixture.y)
        for form in [CKA.Form.gram, .features] {
            #expect(isClose(try value(x, y, estimator: .biased, form: form), 0.5576132566, 1e-10))
            #expect(isClose(try value(x, y, estimator: .unbiased, form: form), 0.5134564895, 1e-10))
        }
        #expect(isClose(try value(x, y, kernel: .rbf, estimator: .biased), 0.6548311823, 1e-10))
    }

    @Test func agreesWithDefinitions() throws {
        for item in try Fixture.load().cka {
            let a = try item.a.map { DoubleMatrix(try Fixture.tensor($0)) }
            let b = try item.b.map { DoubleMatrix(try Fixture.tensor($0)) }
            for result in item.results {
                let kernel = result.kernel == "linear" ? CKA.Kernel.linear : .rbf(threshold: result.threshold)
                let estimator = try #require(CKA.Estimator(rawValue: result.estimator))
                for form in kernel == .linear ? [CKA.Form.gram, .features, .automatic] : [.automatic] {
                    let ab = CKA.matrix(
                        a, b, kernel: kernel, estimator: estimator, batchSize: result.batchSize, form: form, pool: pool)
                    let aa = CKA.matrix(
                        a, kernel: kernel, estimator: estimator, batchSize: result.batchSize, form: form, pool: pool)
                    let name = "\(item.name) \(kernel) \(estimator) \(result.batchSize) \(form)"
                    #expect(isClose(ab.values.map { $0 ?? .nan }, result.ab.flatMap(\.self), 1e-9), "\(name)")
                    #expect(isClose(aa.values.map { $0 ?? .nan }, result.aa.flatMap(\.self), 1e-9), "\(name)")
                    #expect((ab.reasons.count == 1) == (result.batchSize == 7), "\(name)")
                    #expect(try #require(ab.selfSimilarityMaxError) < 1e-9)
                    #expect(try #require(aa.selfSimilarityMaxError) < 1e-9)
                }
            }
        }
    }

    @Test func diagonalIsOneAndSymmetric() throws {
        var noise = Noise(8)
        let layers = (0..<4).map { noise.matrix(20, 5 + 9 * $0) }
        for kernel in [CKA.Kernel.linear, .rbf] {
            for estimator in CKA.Estimator.allCases {
                for size in [nil, 5] {
                    let m = CKA.matrix(layers, kernel: kernel, estimator: estimator, batchSize: size, pool: pool)
                    for row in 0..<4 {
                        #expect(isClose(try #require(m[row, row]), 1, 1e-9))
                        for col in 0..<row { #expect(m[row, col] == m[col, row]) }
                    }
                    #expect(m.reasons.isEmpty)
                }
            }
        }
    }

    @Test func rotationScaleAndShiftChangeNothing() throws {
        var noise = Noise(9)
        let x = noise.matrix(15, 4), y = noise.matrix(15, 6)
        // A rotation in two planes, a factor, and another mean.
        var moved = x
        let (c, s) = (cos(0.7), sin(0.7))
        for row in 0..<15 {
            for (i, j) in [(0, 1), (2, 3)] {
                moved[row, i] = 3 * (c * x[row, i] - s * x[row, j]) + 20
                moved[row, j] = 3 * (s * x[row, i] + c * x[row, j]) - 7
            }
        }
        for kernel in [CKA.Kernel.linear, .rbf] {
            for estimator in CKA.Estimator.allCases {
                let plain = try value(x, y, kernel: kernel, estimator: estimator)
                #expect(isClose(try value(moved, y, kernel: kernel, estimator: estimator), plain, 1e-9))
            }
        }
        for form in [CKA.Form.gram, .features] {
            let plain = try value(x, y, estimator: .unbiased, form: .gram)
            #expect(isClose(try value(moved, y, estimator: .unbiased, form: form), plain, 1e-9))
        }
    }

    @Test func tooFewSamples() {
        var noise = Noise(10)
        let three = [noise.matrix(3, 5), noise.matrix(3, 6)]
        let unbiased = CKA.matrix(three, pool: pool)
        #expect(unbiased.values == [nil, nil, nil, nil])
        #expect(unbiased.reasons.contains { $0.pointer == "/cka" && $0.reason.contains("4 or more") })
        #expect(unbiased.selfSimilarityMaxError == nil)
        let biased = CKA.matrix(three, estimator: .biased, pool: pool)
        #expect(biased.values.everyOne { $0 != nil } && biased.reasons.isEmpty)
        let one = CKA.matrix([noise.matrix(1, 5)], estimator: .biased, pool: pool)
        #expect(one.values == [nil] && !one.reasons.isEmpty)
        let none = CKA.matrix([DoubleMatrix(rows: 0, cols: 5, [])], [DoubleMatrix(rows: 0, cols: 2, [])], pool: pool)
        #expect(none.values == [nil] && !none.reasons.isEmpty)
        let small = CKA.matrix(three, batchSize: 2, pool: pool)
        #expect(small.values == [nil, nil, nil, nil])
        #expect(small.reasons.contains { $0.pointer == "/batch_size" })
    }

    @Test func constantFeaturesAlignWithNothing() throws {
        var noise = Noise(11)
        let varied = noise.matrix(8, 5)
        let constant = DoubleMatrix(rows: 8, cols: 3, (0..<24).map { [0.1, 7.3, -2][$0 % 3] })
        // The same up to the rounding of 32 bits, as the features of equal images may be.
        let almost = DoubleMatrix(rows: 8, cols: 3, constant.values.map { $0 * (1 + 1e-8 * noise.next()) })
        for kernel in [CKA.Kernel.linear, .rbf] {
            for estimator in CKA.Estimator.allCases {
                let m = CKA.matrix(
                    [varied, constant, almost], [varied], kernel: kernel, estimator: estimator, pool: pool)
                #expect(m[0, 0] != nil && m[1, 0] == nil && m[2, 0] == nil)
                #expect(Set(m.reasons.map(\.pointer)) == ["/layers_a/1", "/layers_a/2"])
            }
        }
        let features = CKA.matrix([varied, constant], estimator: .unbiased, form: .features, pool: pool)
        #expect(features[0, 0] != nil && features[0, 1] == nil && features[1, 1] == nil)
    }

    /// One sample that differs from all others leaves nothing after U-centring.
    @Test func oneOutlierIsNoStructure() {
        let outlier = DoubleMatrix(rows: 6, cols: 2, (0..<12).map { $0 < 2 ? 3.7 : 0.3 })
        for form in [CKA.Form.gram, .features] {
            let m = CKA.matrix([outlier], estimator: .unbiased, form: form, pool: pool)
            #expect(m.values == [nil] && m.reasons.count == 2, "\(form)")
        }
        let rbf = CKA.matrix([outlier], kernel: .rbf, estimator: .biased, pool: pool)
        #expect(rbf.values == [nil])
        #expect(rbf.reasons.everyOne { $0.reason.contains("median") })
    }

    @Test func whatIsNotFinite() {
        var noise = Noise(12)
        var broken = noise.matrix(6, 3)
        let sound = noise.matrix(6, 3)
        broken[2, 1] = .nan
        for kernel in [CKA.Kernel.linear, .rbf] {
            let m = CKA.matrix([sound, broken], kernel: kernel, pool: pool)
            #expect(m[0, 0] != nil && m[0, 1] == nil && m[1, 0] == nil && m[1, 1] == nil)
            #expect(m.reasons.everyOne { $0.reason.contains("finite") } && m.reasons.count == 2)
        }
    }

    /// A layer that is constant in one batch only is judged by the others.
    @Test func constantInOneBatch() throws {
        var noise = Noise(13)
        var x = noise.matrix(8, 3)
        let y = noise.matrix(8, 3)
        for row in 4..<8 { for col in 0..<3 { x[row, col] = 1 } }
        let m = CKA.matrix([x], [y], batchSize: 4, pool: pool)
        #expect(m[0, 0] != nil && m.reasons.isEmpty)
    }

    @Test func streamingIsTheSame() throws {
        var noise = Noise(14)
        let a = [noise.matrix(12, 4), noise.matrix(12, 9)], b = [noise.matrix(12, 7)]
        var cka = CKA()
        for range in CKA.batches(images: 12, batchSize: 5).ranges {
            cka.add(a.map { $0.rows(range) }, b.map { $0.rows(range) }, pool: pool)
        }
        #expect(cka.batches == 2 && cka.samples == 10)
        #expect(cka.matrix(rows: 2, cols: 1).values == CKA.matrix(a, b, batchSize: 5, pool: pool).values)
    }

    @Test func batchesOfImages() {
        #expect(CKA.batches(images: 10, batchSize: nil).ranges == [0..<10])
        #expect(CKA.batches(images: 10, batchSize: 4).ranges == [0..<4, 4..<8])
        #expect(CKA.batches(images: 10, batchSize: 4).reason != nil)
        // Each image brings many samples, so two are enough.
        #expect(CKA.batches(images: 10, batchSize: 4, samplesPerImage: 196).ranges == [0..<4, 4..<8, 8..<10])
        #expect(CKA.batches(images: 3, batchSize: 8).ranges == [0..<3])
        #expect(CKA.batches(images: 0, batchSize: 8).ranges.isEmpty)
    }

    @Test func memoryIsKnownBeforehand() {
        #expect(CKA.batchBytes(samples: 64, features: 768, layers: 26, kernel: .linear) < 64 << 20)
        #expect(CKA.batchBytes(samples: 4000, features: 768, layers: 26, kernel: .rbf) > 1 << 30)
        #expect(CKA.batchBytes(samples: .max / 2, features: .max / 2, layers: 26, kernel: .rbf) == .max)
    }

    @Test func threadsChangeNothing() {
        var noise = Noise(15)
        let a = [noise.matrix(70, 90), noise.matrix(70, 10)]
        for form in [CKA.Form.gram, .features] {
            let two = CKA.matrix(a, form: form, pool: pool), one = CKA.matrix(a, form: form, pool: makePool(threads: 1))
            #expect(two == one)
        }
    }
}
